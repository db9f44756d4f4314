/**
 * The state that all nodes agree on, without secrets: tasks, keys, the clock, as text key → bytes. `apply` is pure and
 * total, and returns its writes as data; the rules of each entry are those of the table in docs/threats.md. It knows no
 * clock but the entries', decodes no curve point, and has no ports: signature checks are handed in.
 */
export { apply } from './apply.js';
export type { Applied } from './apply.js';
export { evidenceBytesMax } from './evidence-room.js';
export { destroyHashOf, keyOfDestroyed } from './apply-destroyed.js';
export { taskOfPrepared } from './apply-prepared.js';
export { keyOfInstalled, taskOfReady } from './apply-facts.js';
export { CHECKPOINT_COMMAND, thresholdInRow } from './checkpoint.js';
export { clusterTime, correctionOf, correctionWritten, readClock } from './clock.js';
export { encodeCommand, readCommand } from './command.js';
export { attemptEntry } from './attempt-entry.js';
export type { AttemptEntry } from './attempt-entry.js';
export { decisionHashOf } from './apply-request.js';
export { admitAuthority, checkTime, judgingContext } from './authority.js';
export { admitArrival, admitKnown, judgedAt, judgeRequest } from './admit-request.js';
export type { AppliedDecision, StateEvent } from './events.js';
export type { NewTask, Admission } from './admit-request.js';
export type {
  JudgingContext,
  KindRules,
  KindTable,
  Outcome,
  ParsedRequest,
  TaskKind,
} from './kind-rules.js';
export { taskCancelledOf } from './kinds/cancel-task.js';
export { certificateRevokedOf } from './kinds/revoke-certificate.js';
export { timeCorrectedOf } from './kinds/correct-time.js';
export {
  generatedKeyOf,
  generateKeyOf,
  isGenerateKey,
  participantsOf,
} from './kinds/generate-key.js';
export { setAsked } from './kinds/generate-key-request.js';
export type { ParsedGenerateKey } from './kinds/generate-key-request.js';
export { TASK_KINDS } from './kinds/index.js';
export {
  isOfUse,
  isPrepare,
  membersWithout,
  preparedOf,
  prepareFor,
  prepareOf,
} from './kinds/prepare.js';
export type { ParsedPrepare } from './kinds/prepare-request.js';
export { areReady, isPresign, presignatureOf, presignOf } from './kinds/presign.js';
export type { ParsedPresign } from './kinds/presign.js';
export { isDestroyKey, isRecoverable, keyDestroyedOf } from './kinds/destroy-key.js';
export type { ParsedDestroyKey } from './kinds/destroy-key.js';
export { keyRetiredOf } from './kinds/retire-key.js';
export { isRefresh, receiversWithout, refreshFor, refreshOf, versionDue } from './kinds/refresh.js';
export type { ParsedRefresh } from './kinds/refresh.js';
export { isReshare, resharedKeyOf, reshareOf, versionAsked } from './kinds/reshare.js';
export type { ParsedReshare } from './kinds/reshare.js';
export { fitsMaterial, setOfVersion } from './kinds/new-version.js';
export { versionTermsOf } from './kinds/version-terms.js';
export type { BaseTerms, VersionTerms } from './kinds/version-terms.js';
export type { NewVersion } from './kinds/new-version.js';
export { levelRaisedOf } from './kinds/raise-level.js';
export { isSign, isWellFormedSupply, signatureOf, signOf } from './kinds/sign.js';
export type { ParsedSign } from './kinds/sign.js';
export {
  ATTEMPTS_MAX,
  EVIDENCE_BYTES_MAX,
  EVIDENCE_ITEMS_MAX,
  EXPIRY_AHEAD_MS_MAX,
  LABELS_MAX,
  PRESIGNS_OPEN_MAX,
  REQUEST_BYTES_MAX,
} from './limits.js';
export {
  activeKey,
  awaitedNodes,
  baseVersionOf,
  FIRST_VERSION,
  isCertified,
  isEnded,
  mayUse,
  readyOfKey,
  recordOfKey,
  sharingOf,
  stageOf,
} from './keys.js';
export { isInUse } from './key-ends.js';
export type { ActiveKey, KeyStage } from './keys.js';
export { ListIndex } from './lists/list-index.js';
export type { Listed, ListPage, Sliced } from './lists/list-index.js';
export type { KeyFilter } from './lists/key-rows.js';
export { standingOf } from './lists/task-rows.js';
export type { TaskFilter, TaskStanding } from './lists/task-rows.js';
export { isAdmissible } from './apply-monitor.js';
export { members, shareHolders } from './members.js';
export type { Member } from './members.js';
export { METHODS, UPKEEP_METHODS } from './methods.js';
export { readMonitor } from './monitor-record.js';
export type { MonitorState } from './monitor-record.js';
export { parseAsked, parseRequest, parseTask } from './parse.js';
export type { Parsed } from './parse.js';
export {
  activeGeneration,
  auxiliaryOf,
  readSet,
  readSets,
  setIdBytes,
  setOfKey,
  signersOf,
  thresholdOf,
} from './participant-sets.js';
export { isPutOff } from './presign-failures.js';
export { queries } from './queries.js';
export type { Queries } from './queries.js';
export { levelWritten, readKey, readLevel } from './records.js';
export type { Revoked } from './revocations.js';
export { activeRecord, firstRecord, resharingOf, sharingNamed, shownRecord } from './resharing.js';
export { checkPayload, parsePayload, signedBytes, signedHash } from './sign-payload.js';
export type { SignPayload } from './sign-payload.js';
export { CANCELLED, failureIn, isOpen, suppliesOf } from './tasks.js';
export { dueUpkeep } from './upkeep.js';
export { Overlay } from './view.js';
export type { StateWrite, View } from './view.js';
