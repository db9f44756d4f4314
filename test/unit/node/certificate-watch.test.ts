import { afterEach, expect, jest, test } from '@jest/globals';
import {
  AUTHORITY_WARN_MS,
  CERTIFICATE_URGENT_MS,
  CERTIFICATE_WARN_MS,
  CertificateWatch,
  endOf,
  endOfBundle,
} from '../../../src/node/certificate-watch.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const never = () => Infinity;
const days = (ms: number) => Math.round((ms - Date.now()) / (24 * HOUR_MS));
const SOON = 'The certificate of this node ends soon';
const OVER = 'The certificate of this node has expired';

afterEach(() => {
  jest.useRealTimers();
});

function toldOf() {
  const told: string[] = [];
  return { told, logger: { warn: (message: string) => void told.push(message) } };
}

test.each([
  [CERTIFICATE_WARN_MS + 1, []],
  [CERTIFICATE_WARN_MS, [SOON]],
  [0, [OVER]],
])('a certificate that ends in %i ms is told at the start with %j', (leftMs, lines) => {
  const { told, logger } = toldOf();
  new CertificateWatch({ endMs: () => NOW + leftMs }, logger, () => NOW).stop();

  expect(told).toEqual(lines);
});

test('a certificate is told once a day, on its last day once an hour, and no more once there is another', () => {
  jest.useFakeTimers();
  const { told, logger } = toldOf();
  const beganMs = Date.now();
  let endMs = beganMs + CERTIFICATE_URGENT_MS + 48 * HOUR_MS;
  const watch = new CertificateWatch({ endMs: () => endMs }, logger, () => Date.now());
  jest.advanceTimersByTime(47 * HOUR_MS);
  expect(told).toEqual([SOON, SOON]);
  jest.advanceTimersByTime(25 * HOUR_MS);
  expect(told.slice(2, -1)).toEqual(Array.from({ length: 24 }, () => SOON));
  expect(told.at(-1)).toBe(OVER);
  const before = told.length;
  endMs = beganMs + 90 * 24 * HOUR_MS;
  jest.advanceTimersByTime(48 * HOUR_MS);
  expect(told.length).toBe(before);
  watch.stop();
});

test('an authority of the genesis is told 90 days before it ends, once a day', () => {
  jest.useFakeTimers();
  const { told, logger } = toldOf();
  const authorities = { nodes: Date.now() + AUTHORITY_WARN_MS, requesters: Infinity };
  const watch = new CertificateWatch({ endMs: never, authorities }, logger, () => Date.now());
  jest.advanceTimersByTime(25 * HOUR_MS);
  watch.stop();

  expect(told).toEqual(Array(2).fill('The authority of the genesis ends, and with it the cluster'));
});

test('a chain ends with the first of its certificates, a bundle of authorities with the last', async () => {
  const [short, long] = [await createAuthority('short', 10), await createAuthority('long', 100)];
  const request = { role: 'tee', name: 'a', dns: [], ips: [], days: 50 } as const;
  const leaf = await issueCertificate(long, request);

  expect(days(endOf(leaf.certificate + short.certificate))).toBe(10);
  expect(days(endOf(leaf.certificate))).toBe(50);
  expect(days(endOfBundle(short.certificate + long.certificate))).toBe(100);
});
