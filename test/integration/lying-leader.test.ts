import { expect, jest, test } from '@jest/globals';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import { TaskState } from '../../src/client/index.js';
import type { Entry } from '../../src/ports/index.js';
import { sealEntry } from '../../src/raft/index.js';
import { LogStanding } from '../../src/wire/index.js';
import type { Authorization, Request } from '../../src/wire/index.js';
import { signRequest } from '../support/builders/ledger.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { LyingLeaderCluster } from '../support/adversary/lying-leader-cluster.js';
import {
  flipped,
  payloadOf,
  vouch,
  WRONG_ATTEMPTS,
  WRONG_REQUESTS,
} from '../support/adversary/forgery.js';

/**
 * What a malicious leader can do to whole nodes, and what it cannot: the claim of `docs/threats.md`, one lie at a time.
 * Two of three nodes are real and honest; the third leads them, over real streams, with its own keys and key share.
 */
jest.setTimeout(120_000);

const SIGN_METHOD = '/quorate.v1.SigningService/Sign';
/** An entry no honest leader makes, for the tests in which one that is made honestly must come next. */
const ALARM_OF_ATTEMPTS = /an attempt that breaks the rules/;

/** Requests whose form is no form are void, with one alarm at a time on both honest nodes. */
function expectUnreadable(setup: LyingLeaderCluster): void {
  const alarms = setup.cluster.takeAlarms();
  expect(alarms.filter((line) => !/alarm: a request that cannot be read/.test(line))).toEqual([]);
  const nodes = new Set(alarms.map((line) => line.split(' ')[0]));
  expect(nodes).toEqual(new Set(setup.honest));
}

/** Has an honest client ask for a signature; the liar hears of it. */
async function asked(setup: LyingLeaderCluster, requestId: string, timeoutMs = 60_000) {
  const client = await setup.client();
  const message = utf8(requestId);
  const { keyId, publicKey } = setup;
  const signing = client.sign({ keyId, publicKey, message, requestId }, { timeoutMs });
  // A test may end before its client is answered.
  signing.catch(() => undefined);
  return { client, signing, message, request: await setup.request(requestId) };
}

/** Tells an honest request as an honest leader would: both sign. @returns Its session. */
async function signedByBoth(setup: LyingLeaderCluster, request: Request): Promise<string> {
  const entry = setup.tell({ ...request, firstAttempt: await setup.attempt(request) });
  const session = setup.sessionOf(entry);
  expect(await setup.answered(session)).toEqual(['share', 'share']);
  return session;
}

/** The liar says to one node that it has the log up to this entry. */
function acknowledge({ liar }: LyingLeaderCluster, to: NodeId, entry: Entry | undefined): void {
  if (entry === undefined) return;
  const { term, index, hash } = entry;
  const [boot, signature] = [new Uint8Array(16), new Uint8Array(64)];
  const speaker = { incarnation: 1, boot, order: 0, signature };
  const head = { type: 'acknowledgement', from: liar.self, to } as const;
  liar.say({ ...head, term, index, hash, clockMs: Date.now(), ...speaker });
}

/** The proof that all before was applied: an honest request is told last, and answered by both. */
async function closing(setup: LyingLeaderCluster): Promise<string> {
  return signedByBoth(setup, (await asked(setup, 'closing')).request);
}

test('forged requests: no honest node gives a share for one, and the honest one is signed', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { signing, request } = await asked(setup, 'pay');
  for (const forge of Object.values(WRONG_REQUESTS)) {
    setup.tell({ ...forge(request), firstAttempt: await setup.attempt(request) });
  }

  const session = await signedByBoth(setup, request);

  expect(setup.shared).toEqual([session]);
  await setup.cutOff();
  expect((await signing).signature).toHaveLength(64);
  // Other bytes, and another method.
  expectUnreadable(setup);
});

test('repeated requests and attempts: each node gives one share, whatever is told again', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { signing, request } = await asked(setup, 'pay');
  const attempt = await setup.attempt(request);
  const first = setup.tell({ ...request, firstAttempt: attempt });
  await setup.answered(setup.sessionOf(first));

  const again = [
    // The entry once more, and the request with other commitments.
    setup.tell({ ...request, firstAttempt: attempt }),
    setup.tell({ ...request, firstAttempt: await setup.attempt(request) }),
    // The attempt under its own number, and as the next one: its nonces are gone.
    setup.liar.sentLog.append({ payload: payloadOf({ $case: 'attempt', value: attempt }) }),
    setup.liar.sentLog.append({
      payload: payloadOf({ $case: 'attempt', value: { ...attempt, number: 2 } }),
    }),
  ];

  expect(await setup.answered(setup.sessionOf(again[3] ?? first))).toEqual([
    'nonce-gone',
    'nonce-gone',
  ]);
  expect([setup.shared, setup.shareCount]).toEqual([[setup.sessionOf(first)], 2]);
  await setup.cutOff();
  await signing;
  expect(setup.contradictions).toEqual([]);
  expect(setup.cluster.takeAlarms().join('\n')).toMatch(ALARM_OF_ATTEMPTS);
});

test('reordered requests: both are signed, each for its own requester', async () => {
  await using setup = await LyingLeaderCluster.open();
  const one = await asked(setup, 'first');
  const other = await asked(setup, 'second');
  for (const { request } of [other, one]) await signedByBoth(setup, request);

  await setup.cutOff();
  // The SDK has verified each under the key, over its own message.
  const signatures = await Promise.all([one.signing, other.signing]);
  expect(new Set(signatures.map(({ taskId }) => taskId)).size).toBe(2);
});

test('entries out of order, with gaps or broken hashes are refused, and no node stops', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { liar, honest } = setup;
  const { request } = await asked(setup, 'pay');
  const payload = payloadOf({ $case: 'request', value: request });
  const { term, last, length, entries } = {
    term: liar.term,
    last: liar.sentLog.last,
    length: liar.sentLog.length,
    entries: liar.sentLog.entries,
  };
  const fields = { term, kind: 'command', timeMs: last.timeMs, payload } as const;
  const fits = sealEntry(last.hash, { ...fields, index: length + 1 });
  const second = sealEntry(fits.hash, { ...fields, index: length + 2 });
  const broken = { ...fits, hash: second.hash };
  for (const to of honest) {
    const said = { type: 'append', from: liar.self, to, term, round: 0, commit: length } as const;
    const at = { prevIndex: length, prevTerm: last.term, prevHash: last.hash };
    liar.say({ ...said, ...at, entries: [second, fits] });
    liar.say({ ...said, ...at, entries: [second] });
    liar.say({ ...said, ...at, entries: [broken] });
    liar.say({ ...said, ...at, prevHash: fits.hash, entries: [fits] });
    liar.say({ ...said, ...at, entries: [], commit: length + 1_000 });
    liar.say({ ...said, ...at, term: 1, entries: [fits] });
    liar.say({ ...said, ...at, from: honest[0], entries: [fits] });
  }

  await closing(setup);

  expect(liar.sentLog.entries.slice(0, length)).toEqual(entries.slice(0, length));
  expect(setup.shared).toHaveLength(1);
  setup.cluster.takeAlarms();
});

test('a withheld request gets no answer, and is done once under another leader', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { client, signing, request, message } = await asked(setup, 'pay', 1_500);
  await expect(signing).rejects.toMatchObject({ code: 'deadline' });
  expect(setup.shared).toEqual([]);

  await setup.cutOff();
  const again = await client.sign({ keyId: setup.keyId, message, requestId: 'pay' });
  expect(again.taskId).toBe(setup.taskOf(request));
  const { attempts } = await client.getTask(again.taskId);
  expect(attempts).toHaveLength(1);
});

test('no node signs a request that was withheld until its expiry, though the log’s clock stands still', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { signing, request } = await asked(setup, 'pay', 1_500);
  const attempt = await setup.attempt(request);
  await expect(signing).rejects.toMatchObject({ code: 'deadline' });
  const voucher = request.authorization?.by;
  const expireTimeMs = voucher?.$case === 'voucher' ? Number(voucher.value.expireTimeMs) : 0;
  await eventually('the request to expire', () => Date.now() > expireTimeMs);

  // Repeating the predecessor's time is always allowed, so the state takes the request for a live one.
  const { timeMs } = setup.liar.sentLog.last;
  const entry = setup.liar.sentLog.append({
    payload: payloadOf({ $case: 'request', value: { ...request, firstAttempt: attempt } }),
    timeMs,
  });

  expect(timeMs).toBeLessThan(expireTimeMs);
  expect(await setup.answered(setup.sessionOf(entry))).toEqual(['expired', 'expired']);
  expect(setup.shared).toEqual([]);
});

test('wrong assignments: no honest node answers one with a share', async () => {
  await using setup = await LyingLeaderCluster.open();
  const key = await setup.key();
  for (const [name, wrong] of Object.entries(WRONG_ATTEMPTS)) {
    const { request } = await asked(setup, `pay-${name.replaceAll(' ', '-')}`);
    setup.tell(request);
    const attempt = wrong(await setup.attempt(request));
    setup.liar.sentLog.append({ payload: payloadOf({ $case: 'attempt', value: attempt }) });
  }
  // A first attempt that breaks the rules leaves a task without one.
  const { request } = await asked(setup, 'pay-old-version');
  const attempt = { ...(await setup.attempt(request)), version: key.version + 1 };
  setup.tell({ ...request, firstAttempt: attempt });

  const session = await closing(setup);

  expect(setup.shared).toEqual([session]);
  expect(setup.cluster.takeAlarms().join('\n')).toMatch(ALARM_OF_ATTEMPTS);
});

test('commitments swapped between two signers: no node signs, and no node is blamed', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { request } = await asked(setup, 'pay');
  const exchange = WRONG_ATTEMPTS['commitments exchanged'];
  const attempt = exchange?.(await setup.attempt(request));
  const entry = setup.tell({ ...request, firstAttempt: attempt });

  const words = await setup.answered(setup.sessionOf(entry));

  expect(words).not.toContain('share');
  await setup.cutOff();
  expect(setup.cluster.takeAlarms().filter((line) => line.includes('culprit'))).toEqual([]);
});

test('a result that does not verify is never an answer, and a new request id gets a right one', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { client, signing, request, message } = await asked(setup, 'pay');
  setup.tell({ ...request, firstAttempt: await setup.attempt(request) });
  setup.liar.sentLog.append({
    payload: payloadOf({
      $case: 'done',
      value: { taskId: setup.taskOf(request), attempt: 1, material: new Uint8Array(64).fill(7) },
    }),
  });

  await expect(signing).rejects.toMatchObject({ reason: 'RESULT_INVALID' });

  await setup.cutOff();
  const again = { keyId: setup.keyId, message, requestId: 'pay' };
  await expect(client.sign(again)).rejects.toMatchObject({ reason: 'RESULT_INVALID' });
  expect((await client.sign({ ...again, requestId: 'pay-again' })).signature).toHaveLength(64);
  expect(setup.cluster.takeAlarms()).not.toEqual([]);
});

test('a failure without a reason is reported as one, and names no culprit', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { client, signing, request } = await asked(setup, 'pay');
  setup.tell({ ...request, firstAttempt: await setup.attempt(request) });
  const taskId = setup.taskOf(request);
  const failed = { taskId, reason: 'CULPRIT_PROVED', evidence: [utf8('node-1 did it')] };
  setup.liar.sentLog.append({ payload: payloadOf({ $case: 'failed', value: failed }) });

  await expect(signing).rejects.toMatchObject({ code: 'protocol-abort' });

  await setup.cutOff();
  const task = await client.getTask(taskId);
  expect(task.state).toBe(TaskState.FAILED);
  expect(JSON.stringify(task.outcome)).not.toContain('node-1');
  setup.cluster.takeAlarms();
});

test('wrong times: entries of the future and of the past are refused', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { liar } = setup;
  const { request } = await asked(setup, 'pay');
  const before = liar.sentLog.length;
  const { timeMs } = liar.sentLog.last;
  const payload = payloadOf({ $case: 'request', value: request });

  for (const wrong of [Date.now() + 60_000, timeMs - 1]) {
    liar.sentLog.append({ payload, timeMs: wrong });
    await eventually('the honest nodes to refuse the time', () =>
      setup.honest.every((node) => liar.refusedTimeOf(node) === before + 1),
    );
    liar.sentLog.cut(before + 1);
  }

  const session = await closing(setup);
  expect(setup.shared).toEqual([session]);
  for (const node of setup.honest) expect(liar.matchOf(node)).toBeGreaterThan(before);
  setup.cluster.takeAlarms();
});

test('entries of unknown kinds, of members and of noise change nothing', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { sentLog } = setup.liar;
  sentLog.append({ kind: 'member', payload: utf8('me, and only me') });
  sentLog.append({ kind: 'no-op', payload: utf8('not empty') });
  sentLog.append({ payload: new Uint8Array(0) });

  const session = await closing(setup);

  expect(setup.shared).toEqual([session]);
  const alarms = setup.cluster.takeAlarms().join('\n');
  expect(alarms).toMatch(/a member entry/);
  expect(alarms).toMatch(/a command that cannot be read/);
});

test.each([
  ['too large for any log', { payload: new Uint8Array(200_000).fill(255) }],
  ['a second genesis', { kind: 'genesis', payload: new Uint8Array(0) }],
] as const)(
  'a leader whose entries are %s is replaced, and the other nodes serve',
  async (_, wrong) => {
    await using setup = await LyingLeaderCluster.open();
    const { signing } = await asked(setup, 'pay');
    setup.liar.sentLog.append(wrong);
    // Who cannot read a leader hears none, and stands for election.
    expect((await signing).signature).toHaveLength(64);
  },
);

test('a fork of each node: every share answers a request that was made, no nonce serves both, and no committed entry is lost', async () => {
  await using setup = await LyingLeaderCluster.open();
  const { liar, honest } = setup;
  const [one, other] = honest;
  const first = await asked(setup, 'first');
  const second = await asked(setup, 'second');
  const attempts = [await setup.attempt(first.request), await setup.attempt(second.request)];
  const forks = { [one]: liar.fork([one]), [other]: liar.fork([other]) };
  const told = honest.map((node, at) => {
    const { request } = at === 0 ? first : second;
    // The liar's own acknowledgement makes a majority with each of them alone.
    const entry = forks[node]?.append({
      payload: payloadOf({ $case: 'request', value: { ...request, firstAttempt: attempts[at] } }),
    });
    acknowledge(setup, node, entry);
    return entry;
  });
  await eventually('each to answer on its own fork', () =>
    told.every((entry, at) => {
      const answers = entry === undefined ? [] : setup.answers(setup.sessionOf(entry));
      return answers.some(({ from, word }) => from === honest[at] && word === 'share');
    }),
  );

  // The same nonces on the other fork, by a later entry: each holder has used or kept its own, never both ways.
  for (const [at, node] of honest.entries()) {
    const { request } = at === 0 ? second : first;
    const entry = forks[node]?.append({
      payload: payloadOf({
        $case: 'request',
        value: { ...request, firstAttempt: attempts[1 - at] },
      }),
    });
    acknowledge(setup, node, entry);
  }
  // And in a new term, with the other's history from the fork on: what is committed here stays.
  const reached = forks[one]?.length ?? 0;
  await eventually('the forks to be taken, and each node to have signed both requests once', () =>
    honest.every((node) => liar.matchOf(node) >= reached && setup.shareCount === 4),
  );
  liar.leadUnelected();
  const crossed = forks[other];
  if (crossed !== undefined) {
    crossed.retell(reached - 1, liar.term);
    liar.tell(crossed, [one]);
  }
  await eventually('the honest node to refuse the other history', () =>
    setup.cluster.alarms.some((line) => line.startsWith(one)),
  );

  expect(setup.contradictions).toEqual([]);
  // Each node one share for each of the two requests that honest nodes vouched for, with a nonce for each.
  expect(setup.shareCount).toBe(4);

  // The liar is gone: no majority has the log of either any more.
  setup.cluster.partition([honest, [setup.lying.id]]);
  for (const node of honest) {
    const client = await setup.cluster.client('operator', { at: [node], name: 'observer' });
    const cluster = await eventually(`${node} to sign nothing`, async () => {
      const seen = await client.getCluster();
      return seen.logStanding === LogStanding.UNCONFIRMED && seen;
    });
    const [found] = cluster.logContradictions;
    expect([found?.firstNodeId, found?.secondNodeId]).toEqual([...honest]);
    expect(found?.firstHash).not.toEqual(found?.secondHash);
    const { keyId, publicKey } = setup;
    const late = { keyId, publicKey, message: utf8('late'), requestId: `late-${node}` };
    const signing = (await setup.client(node)).sign(late, { timeoutMs: 1_000 });
    await expect(signing).rejects.toMatchObject({ reason: 'LOG_UNCONFIRMED' });
  }
  expect(setup.shareCount).toBe(4);
  await eventually('each to say why, once', () => {
    const stopped = setup.cluster.alarms.filter((line) => line.includes('No majority confirms'));
    return honest.every((node) => stopped.some((line) => line.startsWith(node)));
  });
  setup.cluster.takeAlarms();
});

test('a request of the malicious leader’s own is signed only because unsigned requests are taken', async () => {
  await using setup = await LyingLeaderCluster.open();
  const forged = vouch(setup.lying.signer, {
    clusterId: setup.lying.genesis.clusterId,
    method: SIGN_METHOD,
    request: signRequest(setup.keyId, 'made-up', utf8('pay the leader')),
    // The key's owner, which has asked for nothing.
    requester: 'spiffe://quorate/app/app',
    expireTimeMs: Date.now() + 60_000,
  });
  const entry = setup.tell({ ...forged, firstAttempt: await setup.attempt(forged) });

  // The honest limit of the mode: the voucher of one malicious node stands for any requester.
  expect(await setup.answered(setup.sessionOf(entry))).toEqual(['share', 'share']);
});

test('where requesters sign, a malicious leader can make no request', async () => {
  await using setup = await LyingLeaderCluster.open({ unsigned: false });
  const { signing, request } = await asked(setup, 'pay');
  const { signing: later, request: other } = await asked(setup, 'pay-later');
  const signed = request.authorization?.by;
  const otherSigned = other.authorization?.by;
  if (signed?.$case !== 'signed' || otherSigned?.$case !== 'signed') throw new Error('unsigned');
  const { value } = signed;
  const forgeries: Readonly<Record<string, Request>> = {
    'a voucher of its own': vouch(setup.lying.signer, {
      clusterId: setup.lying.genesis.clusterId,
      method: SIGN_METHOD,
      request: request.request,
      requester: 'spiffe://quorate/operator/nobody',
      expireTimeMs: Date.now() + 60_000,
    }),
    'the signature of another request': { ...request, authorization: other.authorization },
    'another message': {
      ...request,
      request: flipped(request.request, request.request.length - 1),
    },
    'another method': { ...request, method: '/quorate.v1.KeyService/GenerateKey' },
    'a longer life': withSigned(request, {
      ...value,
      expireTimeMs: value.expireTimeMs + 60_000n,
    }),
    'a broken signature': withSigned(request, { ...value, signature: flipped(value.signature, 9) }),
    'no certificate': withSigned(request, { ...value, certificates: [] }),
    'a broken certificate': withSigned(request, {
      ...value,
      certificates: value.certificates.map((each) => flipped(each, each.length - 1)),
    }),
  };
  for (const forged of Object.values(forgeries)) {
    setup.tell({ ...forged, firstAttempt: await setup.attempt(request) });
  }

  const session = await signedByBoth(setup, request);

  expect(setup.shared).toEqual([session]);
  await setup.cutOff();
  expect((await signing).signature).toHaveLength(64);
  expect((await later).signature).toHaveLength(64);
  // Another method.
  expectUnreadable(setup);
});

function withSigned(request: Request, value: Authorization): Request {
  return { ...request, authorization: { by: { $case: 'signed', value } } };
}
