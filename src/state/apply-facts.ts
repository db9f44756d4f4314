import { equal, keyId, nodeId, sessionId, taskId, toHex } from '../common/index.js';
import { ALGORITHMS, installedBytes, readyBytes } from '../identity/index.js';
import { encode, KeyParticipant } from '../wire/index.js';
import type { AttemptRecord, Installed, Ready, Sharing, TaskRecord } from '../wire/index.js';
import type { StateEvent } from './events.js';
import { isEnded } from './keys.js';
import type { ActiveKey } from './keys.js';
import type {
  AskedTask,
  JudgingContext,
  KindRules,
  Moment,
  SharingRules,
  SharingTerms,
} from './kind-rules.js';
import { HASH_BYTES } from './limits.js';
import { readKey, writeKey, writeTask } from './records.js';
import { sessionTask } from './session-tasks.js';
import { closeTask } from './tasks.js';
import type { Draft, View } from './view.js';

/** An open task whose participants make a sharing, and its newest attempt. */
type SharingTask = AskedTask & {
  readonly rules: KindRules & { readonly sharing: SharingRules };
  readonly newest: AttemptRecord;
};

/**
 * The open task that `ready` belongs to, when it says of the newest attempt what that attempt fixes, is the node's
 * first word on it, and is signed by the participant. V, public key and digest are the node's to say.
 */
export function taskOfReady(
  view: View,
  ready: Ready,
  context: JudgingContext,
): TaskRecord | undefined {
  return admitReady(view, ready, context)?.task.record;
}

/** Adds a participant's word; the last of n equal ones activates the key and closes the task (the log is the echo). */
export function applyReady(
  draft: Draft,
  ready: Ready,
  moment: Moment,
  context: JudgingContext,
): readonly StateEvent[] {
  const admitted = admitReady(draft, ready, context);
  if (admitted === undefined) return [];
  const { task, sharing } = admitted;
  const said = [...task.record.ready, ready];
  const id = taskId(task.record.taskId);
  const key = keyId(sharing.keyId);
  const session = sessionId(toHex(sharing.sessionId));
  const heard = { type: 'ready-said', task: id, key, node: nodeId(ready.nodeId), session } as const;
  const agreed =
    said.length === sharing.participants.length && said.every((one) => agree(one, sharing));
  if (!agreed) {
    writeTask(draft, { ...task.record, ready: said });
    return [heard];
  }
  const value = task.rules.sharing.activate(draft, task, sharing, said, moment, context);
  const outcome = { $case: 'result', value } as const;
  const closed = closeTask(draft, task.record, outcome, moment.timeMs, context);
  return [heard, { type: 'key-activated', key, version: sharing.version, task: id }, closed];
}

function admitReady(
  view: View,
  ready: Ready,
  context: JudgingContext,
): { readonly task: SharingTask; readonly sharing: Sharing } | undefined {
  const { sharing } = ready;
  const task = sharing && sharingTask(view, sharing.sessionId, context);
  if (sharing === undefined || task === undefined) return undefined;
  const { record, asked, rules } = task;
  const participants = rules.participants(view, asked, context);
  const signer = participants.find((each) => each.nodeId === ready.nodeId);
  const isNews = !record.ready.some((each) => each.nodeId === ready.nodeId);
  const terms = rules.sharing.terms(view, asked, context);
  if (signer === undefined || !isNews || terms === undefined) return undefined;
  if (!isAsAgreed(sharing, terms, task, participants)) return undefined;
  const bytes = readyBytes(context.genesis.clusterId, sharing);
  return context.verify.identity(signer.identityKey, bytes, ready.signature)
    ? { task, sharing }
    : undefined;
}

function sharingTask(
  view: View,
  session: Uint8Array,
  context: JudgingContext,
): SharingTask | undefined {
  const task = sessionTask(view, session, context);
  const sharing = task?.rules.sharing;
  return task && sharing && { ...task, rules: { ...task.rules, sharing } };
}

/** Claims that a sharing is the one that its task and the newest attempt ask for. */
function isAsAgreed(
  sharing: Sharing,
  terms: SharingTerms,
  { record, newest }: SharingTask,
  participants: readonly KeyParticipant[],
): boolean {
  const { pointBytes, publicKeyBytes } = ALGORITHMS[terms.algorithm];
  return (
    equal(sharing.sessionId, newest.sessionId) &&
    equal(sharing.requestHash, record.requestHash) &&
    sharing.keyId === terms.keyId &&
    sharing.algorithm === terms.algorithm &&
    sharing.threshold === terms.threshold &&
    sameParticipants(sharing.participants, participants) &&
    sharing.baseVersion === terms.baseVersion &&
    sharing.version === newest.attempt?.version &&
    sharing.publicPolynomial.length === terms.threshold &&
    sharing.publicPolynomial.every((point) => point.length === pointBytes) &&
    sharing.publicKey.length === publicKeyBytes &&
    sharing.chainCode.length === HASH_BYTES &&
    sharing.digest.length === HASH_BYTES &&
    isOfBase(sharing, terms)
  );
}

/** Claims that a later version is of the same key as the one that it is made from. */
function isOfBase(
  { publicKey, publicPolynomial: [first], chainCode }: Sharing,
  { base }: SharingTerms,
): boolean {
  return (
    base === undefined ||
    (equal(publicKey, base.publicKey) &&
      first !== undefined &&
      equal(first, base.first) &&
      equal(chainCode, base.chainCode))
  );
}

/** The key that `installed` belongs to, when it is of the active session, the participant's first word, and signed by it. */
export function keyOfInstalled(
  view: View,
  installed: Installed,
  context: JudgingContext,
): ActiveKey | undefined {
  const key = readKey(view, installed.keyId);
  const signer = key?.participants.find((each) => each.nodeId === installed.nodeId);
  const fits =
    key !== undefined &&
    !isEnded(key) &&
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
  const key = keyOfInstalled(draft, installed, context);
  if (key === undefined) return [];
  const { signature, version } = installed;
  const node = nodeId(installed.nodeId);
  const all = [...key.installed, { nodeId: node, signature }];
  // Once all have installed it, no share of the version before is to be used again.
  const isLast = all.length === key.participants.length;
  const resharing =
    isLast && key.resharing !== undefined
      ? { ...key.resharing, previous: undefined }
      : key.resharing;
  writeKey(draft, { ...key, installed: all, resharing });
  return [{ type: 'installed-said', key: keyId(key.keyId), version, node }];
}

function agree({ sharing: a }: Ready, b: Sharing): boolean {
  return (
    a !== undefined &&
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
