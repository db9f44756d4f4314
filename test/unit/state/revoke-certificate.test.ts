import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHash, X509Certificate } from 'node:crypto';
import { fromHex, utf8 } from '../../../src/common/index.js';
import { METHODS } from '../../../src/state/index.js';
import { ADDRESS } from '../../../src/state/records.js';
import { certificateRevokedOf } from '../../../src/state/index.js';
import { REVOCATIONS_MAX } from '../../../src/state/limits.js';
import { revocations } from '../../../src/state/revocations.js';
import { encode, RevocationsRecord, RevokeCertificateRequest } from '../../../src/wire/index.js';
import type { Request } from '../../../src/wire/index.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { GENESIS_MS, Ledger, signRequest, testGenesis } from '../../support/builders/ledger.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester } from '../../support/builders/requester.js';

const MINUTE = 60_000;

let authority: RequesterAuthority;
let operator: Requester;
let second: Requester;
let app: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  [operator, second] = [
    await authority.requester('operator', 'alice'),
    await authority.requester('operator', 'bob'),
  ];
  app = await authority.requester('app', 'payments');
});

let ledger: Ledger;
beforeEach(() => {
  ledger = new Ledger(testGenesis({ requesterCa: authority.credential.certificate }));
});

function certificateOf(pem: string): { readonly serial: Uint8Array; readonly keyHash: Uint8Array } {
  const { serialNumber, publicKey } = new X509Certificate(pem);
  const info = publicKey.export({ type: 'spki', format: 'der' });
  return {
    serial: fromHex(serialNumber.toLowerCase()) ?? new Uint8Array(0),
    keyHash: new Uint8Array(createHash('sha256').update(info).digest()),
  };
}
const of = ({ credential }: Requester) => certificateOf(credential.certificate);

function signed(method: string, request: Uint8Array, by: Requester): Request {
  const { clusterId } = ledger.rules.genesis;
  const expireTimeMs = ledger.timeMs + MINUTE;
  const value = by.sign({ clusterId, method, expireTimeMs, request });
  return {
    method,
    request,
    authorization: { by: { $case: 'signed', value } },
    firstAttempt: undefined,
  };
}

let count = 0;
function revoking(fields: Partial<RevokeCertificateRequest>, by: Requester = operator): Request {
  const none = new Uint8Array(0);
  const request = encode(RevokeCertificateRequest, {
    requestId: `revoke-${(count += 1)}`,
    serial: none,
    keyHash: none,
    allowOwn: false,
    allowNode: false,
    ...fields,
  });
  return signed(METHODS.revokeCertificate, request, by);
}

const apply = (request: Request): AppliedEntry =>
  ledger.command({ $case: 'request', value: request }, 3);
const resultOf = ({ decision }: AppliedEntry): string | undefined =>
  decision?.result.kind === 'refused' ? decision.result.refusal.reason : decision?.result.kind;
/** What the log says to a Sign of theirs: `heard` where it only misses the key. */
function asks(by: Requester): string | undefined {
  const request = signRequest('treasury', `sign-${(count += 1)}`, utf8('pay'));
  const said = resultOf(apply(signed(METHODS.sign, request, by)));
  return said === 'KEY_FORBIDDEN' || said === 'KEY_NOT_FOUND' ? 'heard' : said;
}

describe.each(['serial', 'keyHash'] as const)('a certificate that is revoked by its %s', (by) => {
  test('signs nothing more from that entry on, and others do', () => {
    expect(asks(app)).toBe('heard');
    const applied = apply(revoking({ [by]: of(app)[by] }));
    expect(resultOf(applied)).toBe('opened');
    const [task = ''] = applied.changedTasks;
    const none = new Uint8Array(0);
    expect(certificateRevokedOf(ledger.task(task))).toEqual({
      serial: none,
      keyHash: none,
      [by]: of(app)[by],
    });
    expect(asks(app)).toBe('CERTIFICATE_REVOKED');
    expect(asks(second)).toBe('heard');
    expect(ledger.ask.revocations()).toMatchObject([
      { record: { requester: operator.spiffeId, taskId: task, timeMs: BigInt(ledger.timeMs) } },
    ]);
    expect(applied.events.filter(({ type }) => type === 'certificate-revoked')).toEqual([
      { type: 'certificate-revoked', name: ledger.ask.revocations()[0]?.name },
    ]);
  });

  test('stays so when it is revoked again, by another operator, and the first row stays', () => {
    apply(revoking({ [by]: of(app)[by] }));
    const before = ledger.ask.revocations();
    ledger.timeMs += MINUTE;
    expect(resultOf(apply(revoking({ [by]: of(app)[by] }, second)))).toBe('opened');
    expect(ledger.ask.revocations()).toEqual(before);
    expect(ledger.ask.revocationCount()).toBe(1);
  });

  test('is not its own signer’s, unless that says so', () => {
    expect(resultOf(apply(revoking({ [by]: of(operator)[by] })))).toBe('REVOKES_ITSELF');
    expect(ledger.ask.revocationCount()).toBe(0);
    expect(resultOf(apply(revoking({ [by]: of(operator)[by], allowOwn: true })))).toBe('opened');
    expect(resultOf(apply(revoking({ [by]: of(app)[by] })))).toBe('CERTIFICATE_REVOKED');
    // Others go on: one of them can revoke in its place.
    expect(resultOf(apply(revoking({ [by]: of(app)[by] }, second)))).toBe('opened');
  });

  test('takes with it what it has issued, where it is an authority’s', () => {
    const name = certificateOf(authority.credential.certificate)[by];
    expect(resultOf(apply(revoking({ [by]: name })))).toBe('REVOKES_ITSELF');
    expect(resultOf(apply(revoking({ [by]: name, allowOwn: true })))).toBe('opened');
    for (const each of [operator, second, app]) expect(asks(each)).toBe('CERTIFICATE_REVOKED');
  });
});

test('a renewed certificate of the same requester is another, unless its key is the same', async () => {
  const renewed = await authority.requester('app', 'payments');
  apply(revoking({ serial: of(app).serial }));
  expect(asks(renewed)).toBe('heard');
  expect(asks(app)).toBe('CERTIFICATE_REVOKED');
});

test('a request that is known is not answered to a certificate that was revoked since', () => {
  const request = revoking({ serial: of(app).serial }, second);
  expect(resultOf(apply(request))).toBe('opened');
  expect(resultOf(apply(request))).toBe('known');
  apply(revoking({ serial: of(second).serial }));
  expect(resultOf(apply(request))).toBe('CERTIFICATE_REVOKED');
});

test.each<[string, Partial<RevokeCertificateRequest>]>([
  ['nothing', {}],
  ['both', { serial: Uint8Array.of(1), keyHash: new Uint8Array(32) }],
  ['a serial number with a zero in front', { serial: Uint8Array.of(0, 1) }],
  ['a serial number that is too long', { serial: new Uint8Array(21).fill(1) }],
  ['a hash that is cut off', { keyHash: new Uint8Array(31) }],
])('a request that names %s is no request', (_, fields) => {
  expect(resultOf(apply(revoking(fields)))).toBe('INVALID_REVOCATION');
  expect(ledger.ask.revocationCount()).toBe(0);
});

test('only an operator’s signature revokes', () => {
  expect(resultOf(apply(revoking({ serial: of(second).serial }, app)))).toBe('ROLE_FORBIDDEN');
  const { method, request } = revoking({ serial: of(second).serial });
  const vouched = ledger.request(method, request, { requester: operator.spiffeId });
  expect(resultOf(apply(vouched))).toBe('SIGNATURE_REQUIRED');
  expect(asks(second)).toBe('heard');
});

test('below level 3 there is no such request', () => {
  const before = ledger;
  ledger = new Ledger(testGenesis({ requesterCa: authority.credential.certificate, level: 2 }));
  const request = revoking({ serial: of(app).serial });
  ledger.command({ $case: 'request', value: request }, 2);
  expect(ledger.ask.revocations()).toEqual([]);
  ledger = before;
});

test('the list is bounded, and what is on it can be revoked again', () => {
  apply(revoking({ serial: of(app).serial }));
  ledger.state.put([[ADDRESS.revocations, encode(RevocationsRecord, { count: REVOCATIONS_MAX })]]);
  expect(resultOf(apply(revoking({ serial: of(second).serial })))).toBe('TOO_MANY_REVOCATIONS');
  expect(resultOf(apply(revoking({ serial: of(app).serial })))).toBe('opened');
  expect(revocations(ledger.state).length).toBe(1);
});
