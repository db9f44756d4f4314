import { assert, BOOT_BYTES, Budgets, damagedLog, fromHex } from '../common/index.js';
import type { Boot, LogIndex, Millis, NodeId } from '../common/index.js';
import type { Entry, HardState, LogFront, Random } from '../ports/index.js';
import { Acknowledgements } from './acknowledgements.js';
import { restartElectionTimer } from './core.js';
import type { Core } from './core.js';
import { sealEntry, ZERO_HASH } from './entry-hash.js';
import { CLOCK_STEP_DOWNS, DEPOSITIONS, LIMITS, TERM_MOVES, TIMING, VOTERS_MAX } from './limits.js';
import type { Limits, Timing } from './limits.js';
import { Log } from './log.js';
import { firstReadId } from './read-index.js';
import { ClockReadings } from './time.js';

export type RaftConfig = {
  readonly id: NodeId;
  /** This run of the process. */
  readonly boot: Boot;
  /** All voters, this node included, in an order that is the same everywhere. */
  readonly voters: readonly NodeId[];
  readonly genesis: { readonly payload: Uint8Array; readonly timeMs: Millis };
  readonly random: Random;
  readonly timing?: Partial<Timing>;
  readonly limits?: Partial<Limits>;
};

/** The data that a node had saved: its whole log, and the last entry that is in the state. */
export type Loaded = {
  readonly hardState: HardState;
  readonly entries: Iterable<Entry>;
  readonly applied?: LogIndex;
  readonly front?: LogFront | undefined;
};

/**
 * A node as it was when it last saved.
 *
 * @throws ClusterError `data-loss` when the log's chain is broken, begins with another genesis or does not fit the term.
 */
export function openCore(config: RaftConfig, loaded: Loaded, now: Millis): Core {
  const { id, voters } = config;
  const { timing, limits } = settings(config);
  const { payload, timeMs } = config.genesis;
  const genesis = sealEntry(ZERO_HASH, { index: 1, term: 1, kind: 'genesis', timeMs, payload });
  // Entries whose writes are in the state had been committed. Of those behind them, any part may be truncated yet.
  const { applied = 0, front } = loaded;
  const start = {
    settled: applied,
    bytesMax: limits.logMemoryBytesMax,
    partBytes: limits.logPartBytes,
    front,
  };
  const log = Log.open(genesis, loaded.entries, start);
  const isNew = log.durable === 0;
  const { term, votedFor } = loaded.hardState;
  // Log and term are saved together, so a term without a log is as much a loss as a log ahead of its term.
  if (isNew ? term !== 0 : term < log.last.term) {
    throw damagedLog(`The log does not fit the saved term ${term}`);
  }
  const core: Core = {
    id,
    boot: bytesOfBoot(config.boot),
    voters,
    peers: voters.filter((voter) => voter !== id),
    random: config.random,
    timing,
    limits,
    log,
    clocks: new ClockReadings(),
    acknowledgements: new Acknowledgements(),
    reads: { waiting: [], asking: undefined },
    outbox: { now: [], afterPersist: [], reads: [], alarms: [], wanted: [] },
    readBack: [],
    termMoves: new Budgets(TERM_MOVES, VOTERS_MAX),
    depositions: new Budgets(DEPOSITIONS, VOTERS_MAX),
    clockStepDowns: new Budgets(CLOCK_STEP_DOWNS, 1),
    role: { type: 'follower', leader: undefined },
    term: isNew ? genesis.term : term,
    votedFor,
    hardState: isNew ? 'unsaved' : 'durable',
    // Every voter's log begins with the same genesis: it needs no majority. And what was removed had been committed.
    commit: Math.max(1, log.front),
    certified: 0,
    recorded: Number.MAX_SAFE_INTEGER,
    matched: 0,
    acknowledged: 0,
    acknowledgedHash: ZERO_HASH,
    acknowledgedTick: 0,
    answered: undefined,
    applied: 0,
    appliedMs: undefined,
    now,
    agreed: { level: 0, correctionMs: 0 },
    released: undefined,
    correctedTick: undefined,
    timeAskedTick: undefined,
    appliedTimes: new Map(),
    ticks: 0,
    heardTicks: new Map(),
    electionElapsedTicks: 0,
    electionTimeoutTicks: timing.electionTicksMax,
    writingTicks: undefined,
    room: 'enough',
    withheld: false,
    nextReadId: firstReadId(config.random.bytes(6)),
  };
  restartElectionTimer(core);
  return core;
}

/** @returns 16 bytes. */
export function bytesOfBoot(boot: Boot): Uint8Array {
  const bytes = fromHex(boot);
  assert(bytes?.length === BOOT_BYTES, 'a boot has its bytes');
  return bytes;
}

function settings(config: RaftConfig): { readonly timing: Timing; readonly limits: Limits } {
  const { id, voters } = config;
  const timing = { ...TIMING, ...config.timing };
  const limits = { ...LIMITS, ...config.limits };
  assert(voters.includes(id), 'a node of Raft is a voter');
  assert(new Set(voters).size === voters.length, 'each voter is named once');
  assert(voters.length <= VOTERS_MAX, 'there are not too many voters');
  assert(timing.heartbeatTicks < timing.electionTicksMin, 'heartbeats come before elections');
  assert(timing.heartbeatTicks <= timing.idleHeartbeatTicks, 'an idle leader is the quieter one');
  assert(2 * timing.idleHeartbeatTicks < timing.electionTicksMin, 'one heartbeat may be lost');
  assert(
    timing.answerTicks + timing.idleHeartbeatTicks < timing.electionTicksMax,
    'a leader hears its followers in time',
  );
  assert(timing.electionTicksMin <= timing.electionTicksMax, 'election timeouts have a range');
  assert(limits.appendBytesMax <= LIMITS.appendBytesMax, 'an append fits into a message');
  assert(limits.appendEntriesMax <= LIMITS.appendEntriesMax, 'an append is what others take');
  return { timing, limits };
}
