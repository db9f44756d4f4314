import type { SaidReady } from './ledger.js';
import { judgeEvidence } from '../../../src/blame/index.js';
import type { AttemptBasis, Culprit, Judge } from '../../../src/blame/index.js';
import { nodeId, toHex, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { type Schemes } from '../../../src/algorithms/index.js';
import { commit, signShare, SHARE_KIND } from '../../../src/frost/index.js';
import type { Suite } from '../../../src/frost/index.js';
import { sharedKey } from '../../../src/sharing/index.js';
import { taskIdOf } from '../../../src/identity/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import type { Entry, Signer } from '../../../src/ports/index.js';
import { METHODS, readyOfKey } from '../../../src/state/index.js';
import { encode, SignatureShare } from '../../../src/wire/index.js';
import type { Algorithm, AttemptRecord, Supply, SignedBody } from '../../../src/wire/index.js';
import {
  generateRequest,
  identityKeyOf,
  Ledger,
  NODES,
  OPERATOR,
  sealOf,
  signRequest,
  supply,
  verify,
} from './ledger.js';
import { seededRandom } from './frost-exchange.js';
import { ALGORITHM, dealKey } from './task-room.js';
import type { DealtKey } from './task-room.js';
import { SCHEMES, ed25519Suite } from './schemes.js';

/** Whoever signs as `node` in a {@link Ledger}. */
export function ledgerSigner(node: string): Signer {
  const publicKey = identityKeyOf(node);
  return { node: nodeId(node), publicKey, sign: (bytes) => sealOf(publicKey, bytes) };
}

export const SIGNERS: readonly Signer[] = NODES.map(ledgerSigner);

export function judgeOf(ledger: Ledger, schemes: Schemes = SCHEMES): Judge {
  return { genesis: ledger.rules.genesis, verify, schemes };
}

/** What an entry of the ledger fixes, for evidence about its attempt. */
export function basisOf(
  ledger: Ledger,
  index: number,
  method: string,
  request: Uint8Array,
): AttemptBasis {
  const entry = entryAt(ledger, index);
  const previousHash = index === 1 ? new Uint8Array(32) : entryAt(ledger, index - 1).hash;
  return { entry: { ...entry, previousHash }, method, request };
}

function entryAt(ledger: Ledger, index: number): Entry {
  const entry = ledger.entries[index - 1];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return entry;
}

/** A key generation that is open, 2 of 3, with its first attempt. */
export function openGenerate(keyId = 'treasury', algorithm: Algorithm = ALGORITHM, threshold = 2) {
  const ledger = new Ledger();
  const more = { algorithm, threshold };
  const [task = ''] = ledger.generate(keyId, more).changedTasks;
  ledger.attempt(ledger.task(task));
  const record = attemptOf(ledger, task);
  const request = generateRequest(keyId, more);
  const basis = basisOf(ledger, Number(record.index), METHODS.generateKey, request);
  return { ledger, task, basis, sessionId: record.sessionId };
}

function attemptOf(ledger: Ledger, task: string): AttemptRecord {
  const record = ledger.task(task).attempts.at(-1);
  if (record === undefined) throw new Error('the attempt was not admitted');
  return record;
}

export type OpenSign = {
  readonly ledger: Ledger;
  readonly task: string;
  readonly key: DealtKey;
  readonly basis: AttemptBasis;
  readonly sessionId: Uint8Array;
  /** What node-1 and node-2 sign when they are honest. */
  readonly shares: readonly SignedBody[];
  readonly readies: readonly SaidReady[];
};

/**
 * A signing by node-1 and node-2 that is open, in the request's own entry or in one of its own; if need be with bytes for
 * node-2's D that it never made.
 */
export function openSign(
  own: 'first attempt' | 'later attempt' = 'first attempt',
  suite: Suite = ed25519Suite,
  hidingOfTwo?: Uint8Array,
  path: readonly number[] = [],
): OpenSign {
  const ledger = new Ledger();
  const key = dealKey(ledger, 'treasury', NODES, suite);
  const message = utf8('hello');
  const nonces = [0, 1].map((at) =>
    commit(suite, key.scalars[at] ?? new Uint8Array(), seededRandom(at + 40)),
  );
  const supplies = nonces.map(({ D, E }, at) => {
    const hiding = (at === 1 ? hidingOfTwo : undefined) ?? D;
    return supply(NODES[at] ?? '', 1, { parts: [hiding, E] });
  });
  const request = signRequest('treasury', 'one', message, path);
  const task = openTask(ledger, supplies, own === 'first attempt', path);
  const record = attemptOf(ledger, task);
  const B = nonces.map(({ D, E }, at) => ({ index: at + 1, D, E }));
  const shares = nonces.map((nonce, at) => {
    const scalar = key.scalars[at] ?? new Uint8Array();
    const share = { index: at + 1, scalar };
    const made = signShare(suite, sharedKey(key.record, path), share, nonce, B, message);
    if (!('share' in made)) throw new Error('an honest share is made');
    return signedShare(record.sessionId, at + 1, made.share);
  });
  return {
    ledger,
    task,
    key,
    basis: basisOf(ledger, Number(record.index), METHODS.sign, request),
    sessionId: record.sessionId,
    shares,
    readies: NODES.map((node) => readyOf(key, node)),
  };
}

function openTask(
  ledger: Ledger,
  supplies: readonly Supply[],
  first: boolean,
  path: readonly number[],
): string {
  const assignment = { $case: 'supplies' as const, value: { supplies: [...supplies] } };
  if (first) {
    const task = taskIdOf(OPERATOR, 'one');
    const firstAttempt = ledger.signAttempt('treasury', task, 1, { assignment });
    ledger.sign('treasury', 'one', { firstAttempt, path });
    return task;
  }
  const [task = ''] = ledger.sign('treasury', 'one', { path }).changedTasks;
  const value = ledger.signAttempt('treasury', task, 1, { assignment });
  ledger.command({ $case: 'attempt', value });
  return task;
}

function readyOf({ record }: DealtKey, node: NodeId): SaidReady {
  const ready = readyOfKey(record, node);
  if (ready?.sharing === undefined) throw new Error(`${node} has not said ready`);
  return { ...ready, sharing: ready.sharing };
}

/** `share`, signed by participant `index` as its answer in a session. */
export function signedShare(sessionId: Uint8Array, index: number, share: Uint8Array): SignedBody {
  return signedBody(sessionId, SHARE_KIND, index, 0, encode(SignatureShare, { share }));
}

/** A body, signed by participant `index`, whatever it says. */
export function signedBody(
  sessionId: Uint8Array,
  kind: string,
  index: number,
  to: number,
  body: Uint8Array,
): SignedBody {
  const signer = SIGNERS[index - 1] ?? ledgerSigner('nobody');
  const { content } = signEnvelope(signer, sessionId, kind, index, to, body);
  if (content?.$case !== 'open') throw new Error('it is open');
  return content.value;
}

/** Whom evidence names, in a word: `node-3 WRONG_VALUE`, or nobody. */
export function named(
  judge: Judge,
  evidence: Uint8Array | undefined,
  session?: Uint8Array,
): string | undefined {
  const culprit: Culprit | undefined = evidence && judgeEvidence(judge, evidence);
  if (culprit === undefined) return undefined;
  if (session !== undefined && culprit.sessionId !== toHex(session)) return 'another session';
  return `${culprit.nodeId} ${culprit.reason}`;
}
