/** What happened, so that a simulator in which nothing goes wrong cannot pass. */
export type Counts = {
  events: number;
  leaderChanges: number;
  /** Leaders that were told to hand over, and those that did. */
  transfers: number;
  handOvers: number;
  restarts: number;
  pauses: number;
  clockJumps: number;
  partitions: number;
  sentMessages: number;
  droppedMessages: number;
  duplicatedMessages: number;
  lostWrites: number;
  failedWrites: number;
  tornWrites: number;
  refusedStarts: number;
  staleImages: number;
  /** Lines of nodes that were proved to have lost a part of their logs. */
  lostLogs: number;
  /** Snapshots that took the place of a state. */
  snapshots: number;
  /** Reads of a snapshot's state in which a bit was wrong. */
  misreadSnapshots: number;
  committedEntries: number;
  /** Made ahead, as logs tell, and sessions that used one. */
  presignatures: number;
  presignaturesUsed: number;
  shares: number;
  declines: number;
  keys: number;
  /** Versions of keys after the first. */
  newVersions: number;
  /** Of these, those that came by themselves. */
  refreshes: number;
  retiredKeys: number;
  restoredKeys: number;
  /** Keys of which all holders have said that they hold no share any more. */
  destroyedKeys: number;
  signatures: number;
  /** Signatures that clients had before the log did. */
  earlyAnswers: number;
  failedTasks: number;
  repeatedRequests: number;
  refusedRequests: number;
  lies: number;
  culprits: number;
  stoppedClusters: number;
  /** Nodes that came to the step at which they were to crash. */
  crashPoints: number;
  elapsedVirtualMs: number;
};

export function noCounts(): Counts {
  return {
    events: 0,
    leaderChanges: 0,
    transfers: 0,
    handOvers: 0,
    restarts: 0,
    pauses: 0,
    clockJumps: 0,
    partitions: 0,
    sentMessages: 0,
    droppedMessages: 0,
    duplicatedMessages: 0,
    lostWrites: 0,
    failedWrites: 0,
    tornWrites: 0,
    refusedStarts: 0,
    staleImages: 0,
    lostLogs: 0,
    snapshots: 0,
    misreadSnapshots: 0,
    committedEntries: 0,
    presignatures: 0,
    presignaturesUsed: 0,
    shares: 0,
    declines: 0,
    keys: 0,
    newVersions: 0,
    refreshes: 0,
    retiredKeys: 0,
    restoredKeys: 0,
    destroyedKeys: 0,
    signatures: 0,
    earlyAnswers: 0,
    failedTasks: 0,
    repeatedRequests: 0,
    refusedRequests: 0,
    lies: 0,
    culprits: 0,
    stoppedClusters: 0,
    crashPoints: 0,
    elapsedVirtualMs: 0,
  };
}

const NAMES = Object.keys(noCounts()) as readonly (keyof Counts)[];

export function addCounts(total: Counts, more: Counts): void {
  for (const name of NAMES) total[name] += more[name];
}

/** How fast a run was: what `events` came to, over all processes, in so many milliseconds. */
export function paceOf(
  { events }: Pick<Counts, 'events'>,
  ms: number,
): { readonly seconds: number; readonly eventsPerSecond: number } {
  const seconds = ms / 1000;
  return { seconds, eventsPerSecond: seconds > 0 ? Math.round(events / seconds) : 0 };
}
