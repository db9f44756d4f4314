import { expect, test } from '@jest/globals';
import { CERTIFICATE_WARN_MS, CertificateWatch } from '../../../src/node/certificate-watch.js';

const NOW = 1_700_000_000_000;

test.each([
  [CERTIFICATE_WARN_MS + 1, []],
  [CERTIFICATE_WARN_MS, ['The certificate of this node ends soon']],
  [0, ['The certificate of this node has expired']],
])('a certificate that ends in %i ms is told at the start with %j', (leftMs, lines) => {
  const told: string[] = [];
  const logger = { warn: (message: string) => void told.push(message) };
  new CertificateWatch(NOW + leftMs, logger, () => NOW).stop();

  expect(told).toEqual(lines);
});
