import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AUTHORITY_WARN_DAYS,
  ownCertificateWarnings,
} from '../../../src/cli/format/own-certificates.js';
import { CERTIFICATE_WARN_DAYS } from '../../../src/cli/format/members.js';
import { createAuthority } from '../../../src/pki/index.js';
import { genesisFor, tlsFor } from '../rpc/server-fixture.js';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'quorate-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('status warns of the caller’s own certificate and of the cluster’s authorities, from named days on', async () => {
  const ours = await createAuthority('ours', 200);
  const [cert, clusterFile] = [join(folder, 'cert.pem'), join(folder, 'cluster.json')];
  // Good for a day.
  writeFileSync(cert, (await tlsFor({ ours }, 'app', 'pay')).cert);
  writeFileSync(clusterFile, genesisFor({ ours }).bytes);
  const at = (days: number) =>
    ownCertificateWarnings({ cert, clusterFile }, Date.now() + days * DAY_MS);

  expect(at(0.5 - CERTIFICATE_WARN_DAYS)).toEqual([]);
  expect(at(0)).toEqual([
    expect.stringMatching(/^warning: your certificate ends in 0 days, on 20/),
  ]);
  expect(at(2)).toEqual([expect.stringMatching(/^warning: your certificate expired on 20/)]);
  expect(at(200 - AUTHORITY_WARN_DAYS - 2).length).toBe(1);
  expect(at(200 - AUTHORITY_WARN_DAYS + 1).slice(1)).toEqual([
    expect.stringMatching(/^warning: the last authority of nodes ends in 8\d days, on 20/),
    expect.stringMatching(/^warning: the last authority of requesters ends in 8\d days, on 20/),
  ]);
});
