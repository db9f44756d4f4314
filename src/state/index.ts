/**
 * What all nodes agree on, and no secret: tasks, keys, the clock, as text key → bytes. `apply` is pure and total, and
 * returns its writes as data; the rules of each entry are those of the table in docs/threats.md.
 * It knows no clock but the entries', decodes no curve point, and has no ports: signature checks are handed in.
 */
export { apply } from './apply.js';
export type { Applied } from './apply.js';
export { isCertified, judgeInstalled, judgeReady, readyOfKey } from './apply-facts.js';
export { isWellFormedSlot } from './attempts.js';
export { encodeCommand, readCommand } from './command.js';
export { verdictHashOf } from './apply-request.js';
export type { Verdict } from './apply-request.js';
export { judgeAuthority, rulesOf } from './authority.js';
export type { Rules } from './authority.js';
export { judgeArrival, judgeKnown, judgeRequest } from './judge-request.js';
export type { Ruling } from './judge-request.js';
export {
  ATTEMPTS_MAX,
  EVIDENCE_BYTES_MAX,
  EVIDENCE_ITEMS_MAX,
  EXPIRY_AHEAD_MS_MAX,
  REQUEST_BYTES_MAX,
} from './limits.js';
export { METHODS, parseRequest } from './parse.js';
export type { ParsedGenerateKey, ParsedRequest, ParsedSign } from './parse.js';
export { generateKeyOf, participantsOf, signOf } from './participants.js';
export { queries } from './queries.js';
export type { Queries } from './queries.js';
export { levelWritten, readLevel } from './records.js';
export { isOpen, slotsOf } from './tasks.js';
export { Overlay } from './view.js';
export type { StateWrite, View } from './view.js';
