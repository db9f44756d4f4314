/**
 * Culprits and their evidence, which every reader can check: it is made from signed messages, and judged from the evidence and the
 * genesis alone (`docs/threats.md`, blame). A judgement names a node only for what that node signed and no honest node
 * signs, for any input bytes. It knows no log, no leader and no complainer: no node's word counts here.
 */
export { COMPLAINT_KIND } from './false-accusation.js';
export {
  evidenceOfComplaint,
  evidenceOfMessages,
  evidenceOfReshare,
  evidenceOfShare,
  evidenceOfSigning,
} from './make-evidence.js';
export type { AttemptBasis } from './make-evidence.js';
export { essentialEvidenceJob, judgeEvidenceJob, nodeJobs, readComplaintJob } from './jobs.js';
export type { ReadComplaint, SaidMessage, ShownEvidence } from './jobs.js';
export { essentialEvidence, judgeEvidence } from './judge-evidence.js';
export type { Culprit, Judge } from './judge-evidence.js';
export type { CulpritReason, JudgedCluster, JudgeTable } from './kind-judge.js';
export { isDecidedFault, KIND_JUDGES } from './kind-judges.js';
