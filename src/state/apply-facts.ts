import { equal } from '../common/index.js';
import { ALGORITHMS, installedBytes, readyBytes } from '../identity/index.js';
import { encode, KeyParticipant } from '../wire/index.js';
import type { Installed, KeyRecord, Ready, TaskRecord } from '../wire/index.js';
import type { Rules } from './authority.js';
import { HASH_BYTES } from './limits.js';
import { generateKeyOf, participantsOf } from './participants.js';
import {
  readClock,
  readKey,
  readReservation,
  readTask,
  writeClock,
  writeKey,
  writeTask,
} from './records.js';
import { closeTask, isOpen } from './tasks.js';
import type { Draft, View } from './view.js';

/**
 * The open task that `ready` belongs to, when it says of the newest attempt what that attempt fixes, is the node's
 * first word on it, and is signed by the participant. V, public key and digest are the node's to say.
 */
export function judgeReady(view: View, ready: Ready, rules: Rules): TaskRecord | undefined {
  const id = readReservation(view, ready.keyId);
  const task = id === undefined ? undefined : readTask(view, id);
  if (!isOpen(task)) return undefined;
  const asked = generateKeyOf(task);
  const newest = task.attempts.at(-1);
  if (asked === undefined || newest === undefined) return undefined;
  const participants = participantsOf(task, rules.genesis);
  const signer = participants.find(({ nodeId }) => nodeId === ready.nodeId);
  const { pointBytes, publicKeyBytes } = ALGORITHMS[asked.algorithm];
  const fits =
    signer !== undefined &&
    equal(ready.sessionId, newest.sessionId) &&
    equal(ready.requestHash, task.requestHash) &&
    ready.algorithm === asked.algorithm &&
    ready.threshold === asked.threshold &&
    sameParticipants(ready.participants, participants) &&
    ready.baseVersion === 0 &&
    ready.version === newest.attempt?.version &&
    ready.publicPolynomial.length === asked.threshold &&
    ready.publicPolynomial.every((point) => point.length === pointBytes) &&
    ready.publicKey.length === publicKeyBytes &&
    ready.chainCode.length === HASH_BYTES &&
    ready.digest.length === HASH_BYTES &&
    !task.ready.some(({ nodeId }) => nodeId === ready.nodeId);
  if (!fits) return undefined;
  const bytes = readyBytes(rules.genesis.clusterId, ready);
  return rules.verify.identity(signer.identityKey, bytes, ready.signature) ? task : undefined;
}

/** Adds a participant's word; the last of n equal ones activates the key and closes the task (the log is the echo). */
export function applyReady(draft: Draft, ready: Ready, timeMs: number, rules: Rules): boolean {
  const task = judgeReady(draft, ready, rules);
  if (task === undefined) return false;
  const said = [...task.ready, ready];
  const agreed =
    said.length === ready.participants.length && said.every((one) => agree(one, ready));
  if (!agreed) {
    writeTask(draft, { ...task, ready: said });
    return true;
  }
  writeKey(draft, keyOf(task, said, ready, timeMs));
  const clock = readClock(draft);
  writeClock(draft, { ...clock, keyCount: clock.keyCount + 1n });
  closeTask(
    draft,
    task,
    {
      $case: 'generatedKey',
      value: { publicKey: ready.publicKey, keyVersion: ready.version },
    },
    timeMs,
  );
  return true;
}

/** The key that `installed` belongs to, when it is of the active session, the participant's first word, and signed by it. */
export function judgeInstalled(
  view: View,
  installed: Installed,
  rules: Rules,
): KeyRecord | undefined {
  const key = readKey(view, installed.keyId);
  const signer = key?.participants.find(({ nodeId }) => nodeId === installed.nodeId);
  const fits =
    key !== undefined &&
    signer !== undefined &&
    equal(installed.sessionId, key.sessionId) &&
    installed.version === key.version &&
    equal(installed.digest, key.digest) &&
    !key.installed.some(({ nodeId }) => nodeId === installed.nodeId);
  if (!fits) return undefined;
  const bytes = installedBytes(rules.genesis.clusterId, installed);
  return rules.verify.identity(signer.identityKey, bytes, installed.signature) ? key : undefined;
}

export function applyInstalled(draft: Draft, installed: Installed, rules: Rules): boolean {
  const key = judgeInstalled(draft, installed, rules);
  if (key === undefined) return false;
  const { nodeId, signature } = installed;
  writeKey(draft, { ...key, installed: [...key.installed, { nodeId, signature }] });
  return true;
}

/** What a participant of the active version said when it was made, as it was signed. */
export function readyOfKey(key: KeyRecord, node: string): Ready | undefined {
  const signature = key.ready.find(({ nodeId }) => nodeId === node)?.signature;
  if (signature === undefined) return undefined;
  const { sessionId, requestHash, keyId, algorithm, threshold, participants, version } = key;
  const { publicPolynomial, publicKey, chainCode, digest } = key;
  return {
    nodeId: node,
    sessionId,
    requestHash,
    keyId,
    algorithm,
    threshold,
    participants,
    baseVersion: version - 1,
    version,
    publicPolynomial,
    publicKey,
    chainCode,
    digest,
    signature,
  };
}

/** Claims that a key's certificate is complete: `installed` of as many participants as it takes to sign. */
export function isCertified(key: KeyRecord): boolean {
  return key.installed.length >= key.threshold;
}

function keyOf(task: TaskRecord, said: readonly Ready[], ready: Ready, timeMs: number): KeyRecord {
  const asked = generateKeyOf(task);
  return {
    keyId: task.keyId,
    algorithm: ready.algorithm,
    threshold: ready.threshold,
    participants: ready.participants,
    version: ready.version,
    sessionId: ready.sessionId,
    publicPolynomial: ready.publicPolynomial,
    publicKey: ready.publicKey,
    chainCode: ready.chainCode,
    digest: ready.digest,
    createTimeMs: BigInt(timeMs),
    labels: [...(asked?.labels ?? [])],
    owner: task.requester,
    allowedSigners: [...(asked?.allowedSigners ?? [])],
    ready: said.map(({ nodeId, signature }) => ({ nodeId, signature })),
    installed: [],
    requestHash: task.requestHash,
    method: task.method,
    request: task.request,
    authorization: task.authorization,
    taskId: task.taskId,
  };
}

function agree(a: Ready, b: Ready): boolean {
  return (
    equal(a.publicKey, b.publicKey) &&
    equal(a.chainCode, b.chainCode) &&
    equal(a.digest, b.digest) &&
    a.publicPolynomial.length === b.publicPolynomial.length &&
    a.publicPolynomial.every((point, at) => equal(point, b.publicPolynomial[at] ?? point.slice(1)))
  );
}

function sameParticipants(a: readonly KeyParticipant[], b: readonly KeyParticipant[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, at) => {
      const other = b[at];
      return (
        other !== undefined && equal(encode(KeyParticipant, one), encode(KeyParticipant, other))
      );
    })
  );
}
