import { beforeAll, describe, expect, test } from '@jest/globals';
import { clusterId, toHex, utf8 } from '../../../src/common/index.js';
import { generatedKeyOf, admitArrival, METHODS, parseRequest } from '../../../src/state/index.js';
import { encode, RequireSignaturesRequest } from '../../../src/wire/index.js';
import type { Authorization, Request } from '../../../src/wire/index.js';
import {
  fill,
  GENESIS_MS,
  generateRequest,
  Ledger,
  NODES,
  signRequest,
  testGenesis,
} from '../../support/builders/ledger.js';
import type { AppliedEntry } from '../../support/builders/ledger.js';
import { RequesterAuthority } from '../../support/builders/requester.js';
import type { Requester, SignedParts } from '../../support/builders/requester.js';

const MINUTE_MS = 60_000;

let authority: RequesterAuthority;
let foreign: RequesterAuthority;
let app: Requester;
let operator: Requester;
beforeAll(async () => {
  authority = await RequesterAuthority.create(GENESIS_MS);
  foreign = await RequesterAuthority.create(GENESIS_MS);
  app = await authority.requester('app', 'payments');
  operator = await authority.requester('operator', 'alice');
});

/** A cluster whose requesters this authority names; it takes no vouchers. */
const strict = (unsigned = false): Ledger =>
  new Ledger(testGenesis({ unsigned, requesterCa: authority.credential.certificate }));

function requestOf(
  ledger: Ledger,
  by: Requester,
  parts: Partial<SignedParts> = {},
  authorization: Partial<Authorization> = {},
): Request {
  const whole: SignedParts = {
    clusterId: ledger.rules.genesis.clusterId,
    method: METHODS.generateKey,
    expireTimeMs: ledger.timeMs + MINUTE_MS,
    request: generateRequest('treasury'),
    ...parts,
  };
  const value = { ...by.sign(whole), ...authorization };
  return {
    method: whole.method,
    request: whole.request,
    authorization: { by: { $case: 'signed', value } },
    firstAttempt: undefined,
  };
}

const apply = (ledger: Ledger, request: Request): AppliedEntry =>
  ledger.command({ $case: 'request', value: request });

/** Judges a request as the node that it arrives at does. */
function arrived(
  ledger: Ledger,
  request: Request,
  timeMs = ledger.timeMs,
): ReturnType<typeof admitArrival> {
  const parsed = parseRequest(ledger.rules.kinds, request.method, request.request);
  const arrival = { bringer: app.spiffeId, timeMs };
  return parsed.ok
    ? admitArrival(ledger.state, request, parsed.value, arrival, ledger.rules)
    : parsed;
}

function resultOf({ decision }: AppliedEntry): string {
  if (decision === undefined) throw new Error('no decision');
  return decision.result.kind === 'refused' ? decision.result.refusal.reason : decision.result.kind;
}

function refusalOf({ decision }: AppliedEntry) {
  return decision?.result.kind === 'refused' ? decision.result.refusal : undefined;
}

/** Everything in the state but the time. */
const traces = (ledger: Ledger): readonly string[] =>
  [...ledger.state.scan('')]
    .filter(([key]) => key !== 'totals')
    .map(([key, value]) => `${key}=${toHex(value)}`);

describe('a request signed by its requester', () => {
  test('a signed request opens its task where vouchers are refused, in the name of the signing certificate', () => {
    const ledger = strict();

    const applied = apply(ledger, requestOf(ledger, app));

    expect(resultOf(applied)).toBe('opened');
    const [task] = ledger.ask.tasks('', 10, false);
    expect(task).toMatchObject({ requester: app.spiffeId, keyId: 'treasury' });
    expect(task?.authorization?.by?.$case).toBe('signed');
  });

  test('a signed request is taken where vouchers are taken, too', () => {
    const ledger = strict(true);

    expect(resultOf(apply(ledger, requestOf(ledger, app)))).toBe('opened');
  });

  test('a request signed by an operator may ask for anything that an app may ask for', () => {
    const ledger = strict();

    expect(resultOf(apply(ledger, requestOf(ledger, operator)))).toBe('opened');
  });

  test('a repeated signed request is known, whatever the clock says, after its certificate’s end too', () => {
    const ledger = strict();
    const request = requestOf(ledger, app);
    apply(ledger, request);

    ledger.timeMs += 40 * 24 * 60 * MINUTE_MS;

    expect(resultOf(apply(ledger, request))).toBe('known');
    expect(arrived(ledger, request).ok).toBe(true);
  });

  test('a request signed anew with a later expiry is the same request', () => {
    const ledger = strict();
    apply(ledger, requestOf(ledger, app));
    const later = requestOf(ledger, app, { expireTimeMs: ledger.timeMs + 2 * MINUTE_MS });

    expect(resultOf(apply(ledger, later))).toBe('known');
  });
});

describe('a signed request is refused on every node, without a trace', () => {
  const METHOD = { method: METHODS.sign, request: signRequest('treasury', 'one', utf8('pay')) };

  test.each<[string, string, (ledger: Ledger) => Request | Promise<Request>]>([
    [
      'signed for another cluster',
      'INVALID_SIGNATURE',
      (ledger) => requestOf(ledger, app, { clusterId: clusterId('ab'.repeat(16)) }),
    ],
    [
      'signed for another method',
      'INVALID_SIGNATURE',
      (ledger) => ({ ...requestOf(ledger, app), ...METHOD }),
    ],
    [
      'altered after it was signed',
      'INVALID_SIGNATURE',
      (ledger) => ({ ...requestOf(ledger, app), request: generateRequest('treasurz') }),
    ],
    [
      'given a longer life than it was signed for',
      'INVALID_SIGNATURE',
      (ledger) =>
        requestOf(ledger, app, {}, { expireTimeMs: BigInt(ledger.timeMs + 2 * MINUTE_MS) }),
    ],
    [
      'signed by another key than its certificate’s',
      'INVALID_SIGNATURE',
      (ledger) => requestOf(ledger, app, {}, { certificates: [...operator.chain] }),
    ],
    [
      'without a signature',
      'INVALID_SIGNATURE',
      (ledger) => requestOf(ledger, app, {}, { signature: new Uint8Array(0) }),
    ],
    [
      'without a certificate',
      'INVALID_CERTIFICATE',
      (ledger) => requestOf(ledger, app, {}, { certificates: [] }),
    ],
    [
      'of a requester of a foreign authority with the same name',
      'INVALID_CERTIFICATE',
      async (ledger) => requestOf(ledger, await foreign.requester('operator', 'alice')),
    ],
    [
      'of a node',
      'ROLE_FORBIDDEN',
      async (ledger) => requestOf(ledger, await authority.requester('tee', 'node-1')),
    ],
    [
      'of an auditor',
      'ROLE_FORBIDDEN',
      async (ledger) => requestOf(ledger, await authority.requester('auditor', 'eve')),
    ],
    [
      'vouched for by a node only',
      'SIGNATURE_REQUIRED',
      (ledger) => ledger.request(METHODS.generateKey, generateRequest('treasury')),
    ],
    [
      'expired',
      'REQUEST_EXPIRED',
      (ledger) => requestOf(ledger, app, { expireTimeMs: ledger.timeMs }),
    ],
    [
      'good for more than ten minutes',
      'EXPIRY_TOO_FAR',
      (ledger) => requestOf(ledger, app, { expireTimeMs: ledger.timeMs + 10 * MINUTE_MS + 1 }),
    ],
    [
      'good for longer than numbers go',
      'EXPIRY_TOO_FAR',
      (ledger) => requestOf(ledger, app, { expireTimeMs: 2 ** 63 }),
    ],
  ])('a request %s is refused', async (_, reason, make) => {
    const ledger = strict();
    const request = await make(ledger);
    const before = traces(ledger);

    const applied = apply(ledger, request);

    expect(resultOf(applied)).toBe(reason);
    expect(applied.changedTasks).toEqual([]);
    expect(traces(ledger)).toEqual(before);
  });

  test('a request signed with a certificate before or after its validity is refused', async () => {
    const ledger = strict();
    const early = requestOf(ledger, app);
    const soon = new Ledger(ledger.rules.genesis);
    soon.timeMs = GENESIS_MS - 5 * MINUTE_MS - 1;
    const request = requestOf(soon, app);
    expect(resultOf(apply(soon, request))).toBe('CERTIFICATE_OUT_OF_DATE');
    soon.timeMs += 1;
    expect(resultOf(apply(soon, request))).toBe('opened');

    const short = await authority.requester('app', 'short', 1);
    ledger.timeMs = GENESIS_MS + 24 * 60 * MINUTE_MS;
    expect(resultOf(apply(ledger, early))).toBe('REQUEST_EXPIRED');
    const last = requestOf(ledger, short);
    ledger.timeMs += 1;
    expect(refusalOf(apply(ledger, requestOf(ledger, short)))).toMatchObject({
      reason: 'CERTIFICATE_OUT_OF_DATE',
      facts: { time_ms: String(ledger.timeMs), not_after_ms: String(ledger.timeMs - 1) },
    });
    ledger.timeMs -= 1;
    expect(resultOf(apply(ledger, last))).toBe('opened');
  });

  test('a signed request altered by any one bit is refused', () => {
    const ledger = strict();
    const before = traces(ledger);
    const request = requestOf(ledger, app);
    const bits = request.request.length * 8;
    for (let bit = 0; bit < bits; bit++) {
      const altered = Uint8Array.from(request.request);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = resultOf(apply(ledger, { ...request, request: altered }));
      expect(result).not.toMatch(/opened|known/);
    }
    expect(traces(ledger)).toEqual(before);
    expect(resultOf(apply(ledger, request))).toBe('opened');
  });
});

describe('a refusal for time', () => {
  test('a refusal for time tells the cluster’s time, so that a client whose clock is wrong can sign again', () => {
    const ledger = strict();
    const hourAhead = ledger.timeMs + 61 * MINUTE_MS;
    const refused = refusalOf(apply(ledger, requestOf(ledger, app, { expireTimeMs: hourAhead })));

    expect(refused).toMatchObject({ code: 'unauthenticated', reason: 'EXPIRY_TOO_FAR' });
    expect(refused?.facts).toMatchObject({ time_ms: String(ledger.timeMs) });

    const again = Number(refused?.facts?.['time_ms']) + MINUTE_MS;
    expect(resultOf(apply(ledger, requestOf(ledger, app, { expireTimeMs: again })))).toBe('opened');
  });

  test('a refusal for time is given on arrival only where no clock of a node can change it', () => {
    const ledger = strict();
    const judge = (expireTimeMs: number, timeMs = ledger.timeMs): string => {
      const judged = arrived(ledger, requestOf(ledger, app, { expireTimeMs }), timeMs);
      return judged.ok ? 'passes' : judged.refusal.reason;
    };

    expect(judge(ledger.timeMs)).toBe('REQUEST_EXPIRED');
    expect(judge(ledger.timeMs + 1)).toBe('passes');
    // This node may be behind: what is far ahead of its state need not be far ahead of the entry.
    expect(judge(ledger.timeMs + 3_600_000, ledger.timeMs + 3_000_000)).toBe('passes');
    expect(judge(ledger.timeMs + 3_600_000)).toBe('EXPIRY_TOO_FAR');
  });
});

describe('the request to end unsigned requests', () => {
  const request = encode(RequireSignaturesRequest, { requestId: 'lock' });
  const LOCK = { method: METHODS.requireSignatures, request };

  test('an operator’s signed request ends unsigned requests, and no voucher counts from then on', () => {
    const ledger = strict(true);
    expect(ledger.ask.takesUnsigned()).toBe(true);
    ledger.activeKey('treasury');

    const applied = apply(ledger, requestOf(ledger, operator, LOCK));

    expect(resultOf(applied)).toBe('opened');
    const [task = ''] = applied.changedTasks;
    expect(ledger.task(task)).toMatchObject({
      kind: 'require-signatures',
      outcome: { $case: 'result', value: new Uint8Array(0) },
    });
    expect(ledger.ask.tasks('', 9, true)).toEqual([]);
    expect(ledger.ask.totals().open).toEqual([]);
    expect(ledger.ask.takesUnsigned()).toBe(false);
    expect(resultOf(ledger.sign('treasury', 'vouched'))).toBe('SIGNATURE_REQUIRED');
    expect(resultOf(apply(ledger, requestOf(ledger, app)))).toBe('KEY_EXISTS');
    expect(resultOf(ledger.sign('treasury', 'vouched', { node: 'node-2' }))).toBe(
      'SIGNATURE_REQUIRED',
    );
  });

  test('ending unsigned requests is refused with a voucher, which a malicious node could make', () => {
    const ledger = strict(true);

    const vouched = ledger.request(METHODS.requireSignatures, request, {
      requester: operator.spiffeId,
    });

    expect(resultOf(apply(ledger, vouched))).toBe('SIGNATURE_REQUIRED');
    expect(ledger.ask.takesUnsigned()).toBe(true);
  });

  test('ending unsigned requests is refused from an app, an auditor and a node, though they signed', async () => {
    const ledger = strict(true);
    for (const role of ['app', 'auditor', 'tee', 'mesh'] as const) {
      const by = await authority.requester(role, 'somebody');
      expect(resultOf(apply(ledger, requestOf(ledger, by, LOCK)))).toBe('ROLE_FORBIDDEN');
    }
    expect(ledger.ask.takesUnsigned()).toBe(true);
  });

  test('a repeated request to end unsigned requests is one request, and another changes nothing', () => {
    const ledger = strict(true);
    const first = requestOf(ledger, operator, LOCK);
    apply(ledger, first);
    const proof = ledger.state.get('signatures-required');

    expect(resultOf(apply(ledger, first))).toBe('known');
    const again = encode(RequireSignaturesRequest, { requestId: 'again' });
    expect(resultOf(apply(ledger, requestOf(ledger, operator, { ...LOCK, request: again })))).toBe(
      'opened',
    );
    expect(ledger.state.get('signatures-required')).toEqual(proof);
    expect(ledger.ask.takesUnsigned()).toBe(false);
    const sign = { method: METHODS.sign, request: signRequest('treasury', 'lock', utf8('pay')) };
    expect(resultOf(apply(ledger, requestOf(ledger, operator, sign)))).toBe('REQUEST_ID_REUSED');
  });

  test('leaves open the tasks that vouchers have opened', () => {
    const ledger = strict(true);
    const vouched = ledger.request(METHODS.generateKey, generateRequest('treasury'));
    const [task = ''] = apply(ledger, vouched).changedTasks;
    apply(ledger, requestOf(ledger, operator, LOCK));

    ledger.attempt(ledger.task(task));
    for (const node of NODES) {
      ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(task), node) });
    }

    expect(generatedKeyOf(ledger.task(task))).toBeDefined();
    expect(resultOf(apply(ledger, vouched))).toBe('SIGNATURE_REQUIRED');
  });

  test('changes nothing where the genesis takes no unsigned requests', () => {
    const ledger = strict();

    expect(resultOf(apply(ledger, requestOf(ledger, operator, LOCK)))).toBe('opened');
    expect(ledger.ask.takesUnsigned()).toBe(false);
  });

  test('a malformed request to end unsigned requests is refused', () => {
    const ledger = strict(true);
    for (const bytes of [encode(RequireSignaturesRequest, { requestId: '' }), fill(9, 3)]) {
      const refused = apply(ledger, requestOf(ledger, operator, { ...LOCK, request: bytes }));
      expect(resultOf(refused)).toMatch(/^INVALID_(ID|ENCODING)$/);
    }
    expect(ledger.ask.takesUnsigned()).toBe(true);
  });
});

describe('access to a key', () => {
  test('access to a key is for its owner, the signers that it names, and operators', async () => {
    const ledger = strict(true);
    ledger.activeKey('mine', { requester: app.spiffeId });
    ledger.activeKey('named', { allowedSigners: [app.spiffeId] });
    ledger.activeKey('other');
    const sign = (by: Requester, keyId: string): string => {
      const request = signRequest(keyId, `r-${keyId}`, utf8('pay'));
      return resultOf(apply(ledger, requestOf(ledger, by, { method: METHODS.sign, request })));
    };

    expect(sign(app, 'mine')).toBe('opened');
    expect(sign(app, 'named')).toBe('opened');
    expect(sign(app, 'other')).toBe('KEY_FORBIDDEN');
    expect(sign(app, 'none')).toBe('KEY_FORBIDDEN');
    expect(sign(operator, 'other')).toBe('opened');
    expect(sign(operator, 'none')).toBe('KEY_NOT_FOUND');
  });
});
