/**
 * Every door to the world: interfaces, and the errors that they promise. The simulator fakes what is here; what is not here
 * must be pure.
 */
export type { AuditFiles } from './audit-files.js';
export type { Clock, Timer } from './clock.js';
export type { BoundJob, Compute, Job, Jobs, Lane } from './compute.js';
export type { Logger, LogFields } from './logger.js';
export type { Meter, TaskPhase, TaskResult } from './meter.js';
export type { BuildWord, Channel, Network, NetworkListener, PatientNetwork } from './network.js';
export type { PrimeKind, Primes } from './primes.js';
export type { Random } from './random.js';
export type { Signer } from './signer.js';
export { BOUNDLESS } from './room.js';
export type { Room, RoomLevel } from './room.js';
export { readOrDamaged, sharePages, sharesUnder } from './share-pages.js';
export { ShareStoreError } from './share-store.js';
export type { PutResult, ShareId, SharePage, SharePageRequest, ShareStore } from './share-store.js';
export type { SnapshotFile, SnapshotFiles } from './snapshot-files.js';
export { NOTE_NAME_BYTES_MAX } from './storage.js';
export type {
  AuditHead,
  ConsensusStore,
  Entry,
  EntryKind,
  HardState,
  Link,
  LogFront,
  LogPage,
  LogPageLimits,
  Note,
  Persist,
  Row,
  StateReading,
  StoredLog,
  Write,
} from './storage.js';
export type { Span, SpanFacts, SpanName, Tracer } from './tracer.js';
export type { SignatureKey, Verify } from './verify.js';
