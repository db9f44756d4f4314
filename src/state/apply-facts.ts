import { equal, keyId, nodeId, sessionId, taskId, toHex } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { ALGORITHMS, installedBytes, readyBytes } from '../identity/index.js';
import { encode, KeyParticipant } from '../wire/index.js';
import type { AttemptRecord, Installed, KeyRecord, Ready, TaskRecord } from '../wire/index.js';
import type { StateEvent } from './events.js';
import type { AskedTask, JudgingContext, KindRules, SharingRules } from './kind-rules.js';
import { HASH_BYTES } from './limits.js';
import { parseTask } from './parse.js';
import { readKey, readSession, readTask, writeKey, writeTask } from './records.js';
import { closeTask, isOpen } from './tasks.js';
import type { Draft, View } from './view.js';

/** An open task whose participants make a sharing, and its newest attempt. */
type Sharing = AskedTask & {
  readonly rules: KindRules & { readonly sharing: SharingRules };
  readonly newest: AttemptRecord;
};

/**
 * The open task that `ready` belongs to, when it says of the newest attempt what that attempt fixes, is the node's
 * first word on it, and is signed by the participant. V, public key and digest are the node's to say.
 */
export function judgeReady(
  view: View,
  ready: Ready,
  context: JudgingContext,
): TaskRecord | undefined {
  const task = sharingOf(view, ready, context);
  return task !== undefined && isRight(view, task, ready, context) ? task.record : undefined;
}

/** Adds a participant's word; the last of n equal ones activates the key and closes the task (the log is the echo). */
export function applyReady(
  draft: Draft,
  ready: Ready,
  timeMs: Millis,
  context: JudgingContext,
): readonly StateEvent[] {
  const task = sharingOf(draft, ready, context);
  if (task === undefined || !isRight(draft, task, ready, context)) return [];
  const said = [...task.record.ready, ready];
  const id = taskId(task.record.taskId);
  const key = keyId(ready.keyId);
  const session = sessionId(toHex(ready.sessionId));
  const heard = { type: 'ready-said', task: id, key, node: nodeId(ready.nodeId), session } as const;
  const agreed =
    said.length === ready.participants.length && said.every((one) => agree(one, ready));
  if (!agreed) {
    writeTask(draft, { ...task.record, ready: said });
    return [heard];
  }
  const value = task.rules.sharing.activate(draft, task, said, timeMs);
  const closed = closeTask(draft, task.record, { $case: 'result', value }, timeMs, context);
  return [heard, { type: 'key-activated', key, version: ready.version, task: id }, closed];
}

function sharingOf(view: View, ready: Ready, context: JudgingContext): Sharing | undefined {
  const id = readSession(view, ready.sessionId);
  const record = id === undefined ? undefined : readTask(view, id);
  if (!isOpen(record)) return undefined;
  const task = parseTask(context.kinds, record);
  const newest = record.attempts.at(-1);
  const sharing = task?.rules.sharing;
  if (task === undefined || sharing === undefined || newest === undefined) return undefined;
  return { record, asked: task.asked, rules: { ...task.rules, sharing }, newest };
}

function isRight(view: View, task: Sharing, ready: Ready, context: JudgingContext): boolean {
  const { record, asked, rules, newest } = task;
  const participants = rules.participants(view, asked, context);
  const terms = rules.sharing.terms(asked);
  const signer = participants.find((each) => each.nodeId === ready.nodeId);
  const { pointBytes, publicKeyBytes } = ALGORITHMS[terms.algorithm];
  const asAgreed =
    signer !== undefined &&
    equal(ready.sessionId, newest.sessionId) &&
    equal(ready.requestHash, record.requestHash) &&
    ready.keyId === terms.keyId &&
    ready.algorithm === terms.algorithm &&
    ready.threshold === terms.threshold &&
    sameParticipants(ready.participants, participants) &&
    ready.baseVersion === terms.baseVersion &&
    ready.version === newest.attempt?.version &&
    ready.publicPolynomial.length === terms.threshold &&
    ready.publicPolynomial.every((point) => point.length === pointBytes) &&
    ready.publicKey.length === publicKeyBytes &&
    ready.chainCode.length === HASH_BYTES &&
    ready.digest.length === HASH_BYTES &&
    !record.ready.some((each) => each.nodeId === ready.nodeId);
  if (!asAgreed) return false;
  const bytes = readyBytes(context.genesis.clusterId, ready);
  return context.verify.identity(signer.identityKey, bytes, ready.signature);
}

/** The key that `installed` belongs to, when it is of the active session, the participant's first word, and signed by it. */
export function judgeInstalled(
  view: View,
  installed: Installed,
  context: JudgingContext,
): KeyRecord | undefined {
  const key = readKey(view, installed.keyId);
  const signer = key?.participants.find((each) => each.nodeId === installed.nodeId);
  const fits =
    key !== undefined &&
    signer !== undefined &&
    equal(installed.sessionId, key.sessionId) &&
    installed.version === key.version &&
    equal(installed.digest, key.digest) &&
    !key.installed.some((each) => each.nodeId === installed.nodeId);
  if (!fits) return undefined;
  const bytes = installedBytes(context.genesis.clusterId, installed);
  return context.verify.identity(signer.identityKey, bytes, installed.signature) ? key : undefined;
}

export function applyInstalled(
  draft: Draft,
  installed: Installed,
  context: JudgingContext,
): readonly StateEvent[] {
  const key = judgeInstalled(draft, installed, context);
  if (key === undefined) return [];
  const { signature, version } = installed;
  const node = nodeId(installed.nodeId);
  writeKey(draft, { ...key, installed: [...key.installed, { nodeId: node, signature }] });
  return [{ type: 'installed-said', key: keyId(key.keyId), version, node }];
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
