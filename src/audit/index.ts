/**
 * The audit log of a node: one line for each security event of the entries that it applies, each with the hash of all lines
 * before it. Lines are a function of the entry and of what it did, so that all nodes write the same ones; only reading and
 * writing of files comes in through a port. See docs/audit.md and docs/decisions/0070-an-audit-log-of-what-is-applied.md.
 */
export { CHAIN_START, headerOf, LINE_BYTES_MAX, lineOf } from './chain.js';
export type { AuditLine, ChainEnd } from './chain.js';
export { fileName } from './files.js';
export type { ReadableFiles } from './files.js';
export { FILES_KEPT, FILES_KEPT_MAX, FILES_KEPT_MIN, LAG_MS_MAX } from './limits.js';
export { findEnd } from './open.js';
export type { FoundLog } from './open.js';
export { EVENTS, recordsOf } from './record.js';
export type { AuditEvent, AuditRecord } from './record.js';
export { Recorder } from './recorder.js';
export type { AuditStanding, RecorderParts } from './recorder.js';
export { verifyFiles } from './verify.js';
export type { AuditFault, Verification } from './verify.js';
