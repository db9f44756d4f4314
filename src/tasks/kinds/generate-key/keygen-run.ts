import type { Millis, TaskId } from '../../../common/index.js';
import type { Session } from '../../../mpc/index.js';
import type { KeygenRounds } from '../../../sharing/index.js';
import { FIRST_VERSION } from '../../../state/index.js';
import type { ParsedGenerateKey } from '../../../state/index.js';
import type { BootedNode, Envelope, KeyParticipant } from '../../../wire/index.js';
import type { LiveAttempt } from '../../live-tasks.js';

/** One session of a key generation, as it goes on here. */
export type KeygenRun = {
  readonly task: TaskId;
  /** Absent once this node has declined. */
  session: Session<KeygenRounds> | undefined;
  /** Its messages have all come, and made a key. */
  made: boolean;
  declined: boolean;
  /** The messages that came here, to be shown to others. */
  complaint: Envelope | undefined;
  readonly participants: readonly KeyParticipant[];
  readonly expireTimeMs: Millis;
  /** A newer attempt took its place. */
  superseded: boolean;
  sentMs: Millis;
  /** When its messages were last sent again because a peer had come back. */
  connectedMs: Millis | undefined;
};

export type KeygenAttempt = LiveAttempt<ParsedGenerateKey>;

/** Ends a session without a result and without blame. */
export class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

export function bootsOf({ record }: KeygenAttempt): readonly BootedNode[] {
  const assignment = record.attempt?.assignment;
  return assignment?.$case === 'boots' ? assignment.value.nodes : [];
}

/** The version that an attempt makes. */
export function versionOf({ record }: KeygenAttempt): number {
  return record.attempt?.version ?? FIRST_VERSION;
}
