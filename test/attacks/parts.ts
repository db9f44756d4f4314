import { ClusterError, concat, equal, keyId, sessionId, toHex } from '../../src/common/index.js';
import type { PartyIndex, SessionId } from '../../src/common/index.js';
import { sha256 } from '../../src/crypto/index.js';
import { aggregate, commit, signShare } from '../../src/frost/index.js';
import type { Commitment, Suite } from '../../src/frost/index.js';
import { bind, isSignerSet } from '../../src/frost/binding.js';
import { signingKey } from '../../src/frost/signing-key.js';
import { algorithmOf } from '../../src/identity/index.js';
import type { KeyAlgorithm } from '../../src/identity/index.js';
import { systemRandom } from '../../src/machine/index.js';
import { METHODS, parseRequest, TASK_KINDS } from '../../src/state/index.js';
import type { ActiveKey } from '../../src/state/index.js';
import { Algorithm, encode, SignRequest } from '../../src/wire/index.js';
import { fill, generateRequest, Ledger, signRequest } from '../support/builders/ledger.js';
import { dealRandom, seededRandom, signAll } from '../support/builders/frost-exchange.js';
import { dealKey, laterBootOf, TaskRoom } from '../support/builders/task-room.js';
import { badPoints } from './bad-points.js';
import { ofSuite, plain, unless } from './case.js';
import type { AttackCase } from './case.js';
import { MESSAGE } from './cluster.js';
import { VERIFIERS } from '../support/builders/schemes.js';

/** Attacks on one part alone, for one suite: what is tried must not work, and there is nobody to name. */
export function partCases(suite: Suite): readonly AttackCase[] {
  const named = (
    name: string,
    rows: readonly number[],
    check: () => Promise<readonly string[]> | readonly string[],
  ) => plain(ofSuite(suite, name), rows, check);
  return [
    named('bytes that are no point of the group', [7], () =>
      badPoints(suite).flatMap(([what, bytes]) =>
        unless(suite.group.decode(bytes) === undefined, `a point of ${what}`),
      ),
    ),
    named('a number that is not below q', [14], () =>
      unless(suite.group.decodeScalar(fill(255)) === undefined, 'it is a scalar'),
    ),
    named('binding factors are bound to message, key, list and index', [8], () => bound(suite)),
    named('two nonces of one key share and one message', [11], () => {
      const scalar = suite.group.encodeScalar(5n);
      const [one, two] = [1, 2].map(() => commit(suite, scalar, systemRandom));
      return unless(!equal(one?.D ?? scalar, two?.D ?? scalar), 'they are the same');
    }),
    named('two nonces of one broken source of randomness', [11], () => {
      const [one, two] = [5n, 6n].map((x) =>
        commit(suite, suite.group.encodeScalar(x), { bytes: (length) => fill(1, length) }),
      );
      return unless(toHex(one?.D ?? fill(0)) !== toHex(two?.D ?? fill(0)), 'they are the same');
    }),
    named('a bit of the key share flips in memory', [26], () => flipped(suite)),
    named('what the independent verifier refuses', [28], () => refused(suite)),
    named('a list with an index of 0, twice, or above twenty', [12, 27], () =>
      [[0, 1], [1, 1], [2, 1], [1, 21], [1], [1, 2, 3], [1.5, 2]].flatMap((indices) =>
        unless(!isSignerSet(2, indices), `signers ${indices.join()}`),
      ),
    ),
    ...(suite.taproot === undefined ? [] : [untweaked(suite)]),
  ];
}

function bound(suite: Suite): readonly string[] {
  const { key, shares } = dealRandom(suite, 2, 3, seededRandom(4));
  const nonces = shares.slice(0, 2).map(({ scalar }) => commit(suite, scalar, systemRandom));
  const extra = commit(suite, suite.group.encodeScalar(9n), systemRandom);
  const B = nonces.map(({ D, E }, at) => ({ index: at + 1, D, E }));
  const [first, second] = B;
  const other = dealRandom(suite, 2, 3, seededRandom(5)).key;
  if (first === undefined || second === undefined) return ['there are two'];
  const rho = (list: readonly Commitment[], message: Uint8Array, of = key): readonly bigint[] => {
    const signing = signingKey(suite, of);
    const binding = signing && bind(suite, signing, list, message);
    if (binding === undefined || 'badCommitment' in binding) return [];
    return [...binding.signers.values()].map((signer) => signer.rho);
  };
  const before = rho(B, MESSAGE);
  const changed: readonly (readonly [string, readonly bigint[]])[] = [
    ['message', rho(B, MESSAGE.slice(1))],
    ['key', rho(B, MESSAGE, other)],
    ['D of the other', rho([first, { ...second, D: extra.D }], MESSAGE)],
    ['E of the other', rho([first, { ...second, E: extra.E }], MESSAGE)],
    ['index of the other', rho([first, { ...second, index: 3 }], MESSAGE)],
  ];
  return changed.flatMap(([what, after]) =>
    unless(
      before.length === 2 && after.length === 2 && before.every((each, at) => each !== after[at]),
      `another ${what} leaves a binding factor as it was`,
    ),
  );
}

function flipped(suite: Suite): readonly string[] {
  const { key, shares } = dealRandom(suite, 2, 3, seededRandom(6));
  const signers = shares.slice(0, 2);
  const nonces = signers.map(({ scalar }) => commit(suite, scalar, systemRandom));
  const B = nonces.map(({ D, E }, at) => ({ index: at + 1, D, E }));
  const [signer] = signers;
  const [nonce] = nonces;
  if (signer === undefined || nonce === undefined) return ['there is a signer'];
  const scalar = suite.group.encodeScalar(
    ((suite.group.decodeScalar(signer.scalar) ?? 0n) ^ 4n) % suite.group.order,
  );
  const result = signShare(suite, key, { ...signer, scalar }, nonce, B, MESSAGE);
  return unless(!('share' in result), 'the share left the node');
}

function refused(suite: Suite): readonly string[] {
  const { key, shares } = dealRandom(suite, 2, 3, seededRandom(7));
  const { B, shares: signed } = signAll(suite, key, shares.slice(0, 2), MESSAGE, systemRandom);
  const never = aggregate(suite, key, B, MESSAGE, signed, () => false);
  const { verify } = VERIFIERS[suite.algorithm];
  const verified = aggregate(suite, key, B, MESSAGE, signed, (signature) =>
    verify(key.publicKey, MESSAGE, signature),
  );
  const wrong = new Map<PartyIndex, Uint8Array>(signed).set(1, suite.group.encodeScalar(1n));
  const spoilt = aggregate(suite, key, B, MESSAGE, wrong, (signature) =>
    verify(key.publicKey, MESSAGE, signature),
  );
  return [
    ...unless(!never.ok && never.culprits.length === 0, 'it was returned, or somebody blamed'),
    ...unless(verified.ok, 'an honest signature is refused'),
    ...unless(!spoilt.ok && spoilt.culprits.join() === '1', 'the wrong one is blamed'),
  ];
}

function untweaked(suite: Suite): AttackCase {
  return plain(ofSuite(suite, 'a signature under the internal key'), [6, 19], () => {
    const { key } = dealRandom(suite, 2, 3, seededRandom(8));
    const internal = (key.V[0] ?? fill(0)).slice(1);
    const of = signingKey(suite, { ...key, publicKey: internal });
    return unless(of === undefined, 'there is such a key');
  });
}

const refusedAs = (
  name: string,
  rows: readonly number[],
  method: string,
  bytes: Uint8Array,
  reason: string,
) =>
  plain(name, rows, () => {
    const parsed = parseRequest(TASK_KINDS, method, bytes);
    return unless(!parsed.ok && parsed.refusal.reason === reason, 'it is taken');
  });

/** Attacks that are about no curve. */
export function commonCases(): readonly AttackCase[] {
  const digest = encode(SignRequest, {
    requestId: 'one',
    keyId: 'treasury',
    payload: undefined,
    derivationPath: [],
    hash: 0,
  });
  return [
    refusedAs('a digest in place of the message', [16], METHODS.sign, digest, 'MISSING_MESSAGE'),
    refusedAs(
      'a field of the caller’s own, a digest or a scalar',
      [16, 20],
      METHODS.sign,
      // Field 15, wire type 2: 32 bytes.
      concat(signRequest('treasury', 'one', MESSAGE), Uint8Array.of(0x7a, 32), sha256(MESSAGE)),
      'INVALID_ENCODING',
    ),
    refusedAs(
      'a giant request',
      [24],
      METHODS.sign,
      signRequest('k', 'r', new Uint8Array(70_000)),
      'REQUEST_TOO_LARGE',
    ),
    refusedAs(
      'one participant twice',
      [27],
      METHODS.generateKey,
      generateRequest('k', { participants: ['node-1', 'node-1', 'node-2'] }),
      'DUPLICATE_PARTICIPANT',
    ),
    refusedAs(
      'ids that mean something to JavaScript',
      [15],
      METHODS.sign,
      signRequest('__proto__', 'one', MESSAGE),
      'INVALID_ID',
    ),
    plain('a nonce is taken once', [9], takenOnce),
    plain('another run on a copy of the disk', [10], otherRun),
    plain('two sealed shares change places', [30], swapped),
    plain('a share is opened as another algorithm’s', [21], otherAlgorithm),
  ];
}

async function room() {
  const ledger = new Ledger();
  const key = dealKey(ledger);
  const here = new TaskRoom('node-1', ledger);
  await here.hold(key);
  return { ledger, key, here };
}

async function takenOnce(): Promise<readonly string[]> {
  const { key, here } = await room();
  const { record } = key;
  const [supply] = await here.keys.makeSupplies(keyId(record.keyId), record.version, 1);
  const take = () => supply && here.keys.take(keyId(record.keyId), record.version, supply);
  const [first, second] = [take(), take()];
  return [
    ...unless(typeof first === 'object', 'it is not there'),
    ...unless(second === 'gone', 'it is there twice'),
  ];
}

async function otherRun(): Promise<readonly string[]> {
  const { ledger, key, here } = await room();
  const [supply] = await here.keys.makeSupplies(keyId(key.record.keyId), key.record.version, 1);
  const copy = new TaskRoom('node-1', ledger, laterBootOf('node-1'), here.shares);
  await copy.hold(key);
  await copy.keys.makeSupplies(keyId(key.record.keyId), key.record.version, 1);
  const taken = supply && copy.keys.take(keyId(key.record.keyId), key.record.version, supply);
  return unless(taken === 'gone', 'the copy has the nonce too');
}

async function swapped(): Promise<readonly string[]> {
  const { key, here } = await room();
  const { record } = key;
  const at = sessionId(toHex(record.sessionId));
  const elsewhere = sessionId('ab'.repeat(32));
  const id = keyId(record.keyId);
  const sealed = await here.shares.get({ keyId: id, sessionId: at });
  if (sealed === undefined) return ['nothing is sealed'];
  await here.shares.putIfAbsent({ keyId: id, sessionId: elsewhere }, sealed);
  return opensNowhere(here, record, elsewhere, algorithmOf(record));
}

async function otherAlgorithm(): Promise<readonly string[]> {
  const { ledger, key, here } = await room();
  const copy = new TaskRoom('node-1', ledger, laterBootOf('node-1'), here.shares);
  const { record } = key;
  const at = sessionId(toHex(record.sessionId));
  return opensNowhere(copy, record, at, Algorithm.FROST_SECP256K1_SHA256);
}

async function opensNowhere(
  { keys }: TaskRoom,
  record: ActiveKey,
  at: SessionId,
  algorithm: KeyAlgorithm,
): Promise<readonly string[]> {
  const { version, publicPolynomial: V } = record;
  const opened = await keys
    .load({ keyId: keyId(record.keyId), sessionId: at, version, V, algorithm })
    .catch((error: unknown) => {
      if (error instanceof ClusterError) return false;
      throw error;
    });
  return unless(!opened, 'it opens');
}

/** For the long run of the lane: takes that race for the nonces of one key, in as many turns of the event loop. */
export function racingTakes(count: number): AttackCase {
  return plain(`${count} racing takes`, [9], async () => {
    const { key, here } = await room();
    const { keyId: id, version } = key.record;
    let won = 0;
    let made = 0;
    for (let taken = 0; taken < count;) {
      const supplies = await here.keys.makeSupplies(keyId(id), version, 10);
      made += supplies.length;
      const races = supplies.flatMap((supply) =>
        Array.from({ length: 100 }, async () => {
          await Promise.resolve();
          if (typeof here.keys.take(keyId(id), version, supply) === 'object') won += 1;
        }),
      );
      taken += races.length;
      await Promise.all(races);
    }
    return unless(won === made && made > 0, `${made} nonces, taken ${won} times`);
  });
}
