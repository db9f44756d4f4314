import type { Millis, Rate } from '../common/index.js';

/** When things happen, in ticks. One tick is the driver's clock period. */
export type Timing = {
  readonly tickMs: Millis;
  readonly heartbeatTicks: number;
  /** The time between heartbeats of a leader that has appended nothing for {@link idleAfterTicks}. */
  readonly idleHeartbeatTicks: number;
  readonly idleAfterTicks: number;
  /** A heartbeat that says nothing new is not answered so soon after an answer. */
  readonly answerTicks: number;
  /** The shortest election timeout; also how long a leader counts as heard. */
  readonly electionTicksMin: number;
  /** The longest; also how long a leader may hear no majority. */
  readonly electionTicksMax: number;
};

/**
 * 10 ms; 50 ms, and 140 ms in a cluster where nothing happens, where every second one is answered; 300 to 600 ms: Raft's figures
 * with head-room for pauses of the event loop. A leader that dies between two heartbeats is given up so long after the last one, however far apart they are.
 */
export const TIMING: Timing = {
  tickMs: 10,
  heartbeatTicks: 5,
  idleHeartbeatTicks: 14,
  idleAfterTicks: 100,
  answerTicks: 20,
  electionTicksMin: 30,
  electionTicksMax: 60,
};

/** How much may be under way. */
export type Limits = {
  /** Entries in one append, counted by {@link entryBytes}. */
  readonly appendBytesMax: number;
  readonly appendEntriesMax: number;
  /** Appends with entries that a follower has not answered. */
  readonly inFlightMessagesMax: number;
  readonly inFlightBytesMax: number;
  /** Entries of this leader's log that are not committed; beyond it, proposals are refused. */
  readonly uncommittedBytesMax: number;
  /** Reads that wait for their index, own and others'. */
  readonly readsMax: number;
  /** Of the log in memory, by {@link entryBytes}. What is not committed and durable is there besides, whatever its size. */
  readonly logMemoryBytesMax: number;
  /**
   * Of the log that is on disk alone, by {@link entryBytes}. What is more is removed, once all voters have it, or a checkpoint
   * behind it has a certificate; else it stays, whatever its size. So a voter that lacks less than this needs no snapshot.
   */
  readonly logKeptBytesMax: number;
  /** The log is removed in parts of so much, one with each write: two thousand entries at most. */
  readonly logPartBytes: number;
  /** Entries handed out to be applied in one Ready. */
  readonly applyEntriesMax: number;
};

export const LIMITS: Limits = {
  // An append must fit into a peer's message, so it stays below the megabyte that disks and windows would allow.
  appendBytesMax: 240 * 1024,
  appendEntriesMax: 1024,
  inFlightMessagesMax: 256,
  inFlightBytesMax: 4 * 1024 * 1024,
  uncommittedBytesMax: 16 * 1024 * 1024,
  readsMax: 16_384,
  logMemoryBytesMax: 8 * 1024 * 1024,
  logKeptBytesMax: 64 * 1024 * 1024,
  logPartBytes: 256 * 1024,
  applyEntriesMax: 512,
};

/** The longest message between nodes. */
export const MESSAGE_BYTES_MAX = 256 * 1024;
/** The longest payload of one entry: it must fit into an append. */
export const PAYLOAD_BYTES_MAX = 192 * 1024;
/** An upper bound of what an entry's other fields take in a message. */
export const ENTRY_OVERHEAD_BYTES = 128;
/** One message moves a term no further: terms are not endless. No honest node gets so far ahead of one that is up. */
export const TERM_JUMP_MAX = 2 ** 16;
/**
 * How often one peer may move this node's term while it hears no leader. An honest candidate stands about twice a second.
 * At this rate and {@link TERM_JUMP_MAX} terms last for a century, even if all peers use it up.
 */
export const TERM_MOVES: Rate = { perSecond: 2, burst: 8 };
/** How often one peer's answers of a later term may depose this node while a majority hears it. */
export const DEPOSITIONS: Rate = { perSecond: 1 / 60, burst: 1 };
/** How long the clock of a leader is away from those of the majority before it gives leadership away, and how often it does. */
export const CLOCK_AWAY_MS: Millis = 5_000;
export const CLOCK_STEP_DOWNS: Rate = { perSecond: 1 / 600, burst: 1 };
/** The feature level that acknowledgements among voters came with. */
export const ACKNOWLEDGEMENTS_LEVEL = 3;
/** How often a voter repeats its newest acknowledgement while an entry of its log is not committed. */
export const ACKNOWLEDGED_AGAIN_MS: Millis = 500;
/** How long an acknowledgement waits for other messages where its receiver sees the commit without it. */
export const ACKNOWLEDGED_WITHIN_MS: Millis = 50;
/** How long it waits for the leader's own, which is on its way as a rule: without it, its receiver may need this one. */
export const LEADER_AWAITED_MS: Millis = 2;
/** How long a leader repeats the log's time after a correction, so that the followers have applied it, too. */
export const CORRECTION_GRACE_MS: Millis = 1_000;
/** How often a follower that refuses an entry for its time asks the voters for theirs. */
export const TIME_ASKED_MS: Millis = 500;
/** The feature level from which on voters may be asked how far the log's time has come. */
export const TIME_QUESTIONS_LEVEL = 3;
/** The feature level from which on the front of the log is removed. */
export const LOG_FRONT_LEVEL = 3;
/** The feature level from which on a leader can hand leadership over. */
export const LEADERSHIP_TRANSFER_LEVEL = 3;
/** The feature level from which on a follower may say that it has no room for an entry. */
export const ROOM_REFUSALS_LEVEL = 3;
/** How often a leader that is low on room tries to hand leadership over. */
export const ROOM_TRANSFER_EVERY_MS: Millis = 10_000;
/** How long a write that found no room waits before it is tried again. */
export const ROOM_AGAIN_MS: Millis = 1_000;
/** Messages that wait for a write; of more the oldest are lost, as messages may be. */
export const PROMISES_MAX = 1_024;
export const VOTERS_MAX = 20;

/** The size of an entry in every bound of {@link Limits}. */
export function entryBytes(entry: { readonly payload: Uint8Array }): number {
  return entry.payload.length + ENTRY_OVERHEAD_BYTES;
}

/** The same of several entries. */
export function bytesOf(entries: readonly { readonly payload: Uint8Array }[]): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
}
