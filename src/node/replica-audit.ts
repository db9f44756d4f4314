import { findEnd, Recorder } from '../audit/index.js';
import { ClusterError, whyUnreadable } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { BOUNDLESS } from '../ports/index.js';
import type { AuditFiles, Clock, Logger, Room, StoredLog } from '../ports/index.js';

/**
 * The audit log of a replica as it goes on from what is durable; nothing where it keeps none.
 *
 * @param timeMs - Of the cluster's clock in the state as loaded.
 * @throws ClusterError `wrong-state` (`AUDIT_UNREADABLE`) when its files cannot be read.
 */
export async function auditOf(
  { auditFilesKept: filesKept }: { readonly auditFilesKept?: number | undefined },
  {
    audit: files,
    clock,
    logger,
  }: { readonly audit?: AuditFiles | undefined; readonly clock: Clock; readonly logger: Logger },
  { applied, audit: head }: Pick<StoredLog, 'applied' | 'audit'>,
  timeMs: Millis,
  onRecorded: () => void,
): Promise<Recorder | undefined> {
  if (files === undefined) return undefined;
  const found = await findEnd(files, head).catch((cause: unknown) => {
    const words = `The files of the audit log cannot be read: ${whyUnreadable(cause)}`;
    throw new ClusterError('wrong-state', words, { reason: 'AUDIT_UNREADABLE', cause });
  });
  const recorder = new Recorder({ files, clock, logger, filesKept, onRecorded }, found, applied);
  const known = head?.index ?? 0;
  if (known < applied) recorder.skipped(known, applied, timeMs);
  return recorder;
}

/** To the cluster, a node whose audit log is behind is one whose disk is low on room: it takes nothing new, and does not lead. */
export function roomFor(audit: Pick<Recorder, 'standing'>, room: Room = BOUNDLESS): Room {
  return {
    look: () => {
      const level = room.look();
      return level === 'enough' && audit.standing.isBehind ? 'low' : level;
    },
    freeBytes: () => room.freeBytes(),
  };
}
