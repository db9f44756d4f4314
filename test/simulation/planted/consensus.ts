import type { PlantedBug } from './planted-bug.js';

/** Mistakes in Raft that real systems have made. */
export const CONSENSUS_BUGS: readonly PlantedBug[] = [
  {
    name: 'a vote is granted without being persisted',
    edits: [
      {
        find: "if (core.votedFor === undefined)\n            core.hardState = 'unsaved';",
        replace: '',
      },
    ],
    where: 'consensus',
    first: 8,
    seeds: 10,
    by: 'Promises',
  },
  {
    name: 'an acknowledgement leaves before the sync',
    edits: [
      {
        find: 'this.#writer.write(persist, () => this.#send(sendAfterPersist));',
        replace: '{ this.#send(sendAfterPersist); this.#writer.write(persist, () => undefined); }',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a quorum is one short',
    edits: [
      {
        find: 'return Math.floor(count / 2) + 1;',
        replace: 'return Math.floor(count / 2);',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a vote goes to a log that lacks entries',
    edits: [
      {
        find: 'request.term === core.term && isFree && isUpToDate',
        replace: 'request.term === core.term && isFree',
      },
      {
        find: 'request.term > core.term && isUpToDate',
        replace: 'request.term > core.term',
      },
    ],
    where: 'consensus',
    first: 5,
    seeds: 20,
    by: 'LeaderCompleteness',
  },
  {
    name: 'a late append truncates later entries',
    edits: [
      {
        find: 'if (timely > 0 && lastKnown < log.last.index)',
        replace: 'if (append.entries.length > 0 && lastKnown < log.last.index)',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 10,
  },
  {
    name: 'the commit index follows the leader beyond the matched entries',
    edits: [
      {
        find: 'Math.min(append.commit, answer.match)',
        replace: 'Math.min(append.commit, core.log.last.index)',
      },
    ],
    where: 'consensus',
    first: 3,
    seeds: 20,
    by: 'StateMachineSafety',
  },
  {
    name: 'the applied index is durable without the writes of its entries',
    edits: [
      {
        find: 'const writes = machine.pendingWrites();',
        replace: 'const writes = persist === undefined ? machine.pendingWrites() : [];',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 5,
    by: 'AppliedState',
  },
  {
    name: 'a read is answered without asking a majority',
    edits: [
      {
        find: 'if (reachedByMajority([role.round, ...answered]) < confirming.round)\n        return;',
        replace: '',
      },
    ],
    where: 'consensus',
    first: 8,
    seeds: 40,
    by: 'ReadIndex',
  },
  {
    name: 'a promise leaves before its write begins',
    edits: [
      {
        find: '(kept ? core.outbox.now : core.outbox.afterPersist).push(message);',
        replace: 'void kept; core.outbox.now.push(message);',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 5,
    by: 'Promises',
  },
  {
    name: 'the entry before an append is not compared',
    edits: [
      {
        find: 'if (log.termAt(prevIndex) !== prevTerm) {',
        replace: 'if (log.termAt(prevIndex) === undefined) {',
      },
      {
        find: 'if (!equal(log.hashAt(prevIndex) ?? prevHash, prevHash)) {',
        replace: 'if (false) {',
      },
    ],
    where: 'consensus',
    first: 15,
    seeds: 5,
  },
  {
    name: 'a vote that comes twice counts twice',
    edits: [
      {
        find: 'if (!role.ballot.has(reply.from))\n        role.ballot.set(reply.from, reply.granted);',
        replace: 'role.ballot.set(`${reply.from} ${role.ballot.size}`, reply.granted);',
      },
    ],
    where: 'elections',
    first: 3,
    seeds: 5,
    by: 'ElectionSafety',
  },
  {
    name: 'a node votes for two candidates in one term',
    edits: [
      {
        find: 'const granted = request.term === core.term && isFree && isUpToDate;',
        replace: 'void isFree; const granted = request.term === core.term && isUpToDate;',
      },
    ],
    where: 'elections',
    first: 2,
    seeds: 10,
  },
  {
    name: 'logs are compared by their length alone',
    edits: [
      {
        find: 'return lastTerm > ours.term || (lastTerm === ours.term && lastIndex >= ours.index);',
        replace: 'return lastIndex >= ours.index;',
      },
    ],
    where: 'elections',
    first: 44,
    seeds: 20,
  },
  {
    name: 'an entry of an earlier term is committed by counting',
    edits: [
      {
        find: 'if (core.log.termAt(reached) === core.term)',
        replace: 'if (true)',
      },
    ],
    where: 'figure eight',
    first: 1,
    seeds: 5,
  },
  {
    name: 'the last entry is acknowledged, not the last matched one',
    edits: [
      {
        find: 'match: lastKnown + timely }',
        replace: 'match: log.last.index }',
      },
    ],
    where: 'elections',
    first: 1,
    seeds: 20,
  },
  {
    name: 'the vote is forgotten with the leader',
    edits: [
      {
        find: "    core.role = { type: 'follower', leader };\n    if (!isWaiting)",
        replace:
          "    core.role = { type: 'follower', leader };\n    core.votedFor = undefined;\n    if (!isWaiting)",
      },
    ],
    where: 'elections',
    first: 2,
    seeds: 30,
  },
  {
    name: 'a node counts entries that its own disk does not have',
    edits: [
      {
        find: 'reachedByMajority([core.log.durable, ...acknowledged])',
        replace: 'reachedByMajority([core.log.last.index, ...acknowledged])',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 10,
    by: 'CommittedDurableOnQuorum',
  },
  {
    name: 'a pre-vote counts as a vote',
    edits: [
      {
        find: "if (role.type !== (reply.pre ? 'precandidate' : 'candidate'))",
        replace: "if (role.type !== 'precandidate' && role.type !== 'candidate')",
      },
      {
        find: 'const electing = reply.pre && reply.granted ? core.term + 1 : core.term;',
        replace:
          "const electing = role.type === 'precandidate' && reply.granted ? core.term + 1 : core.term;",
      },
    ],
    where: 'consensus',
    first: 2,
    seeds: 20,
  },
  {
    name: 'a write that failed is tried again',
    edits: [
      {
        find: "return error instanceof ClusterError && error.reason === 'DISK_FULL';",
        replace: 'return error instanceof Error;',
      },
    ],
    where: 'consensus',
    first: 8,
    seeds: 30,
    by: 'DiskFailure',
  },
  {
    name: 'a log is read without checking its hashes',
    edits: [
      {
        find: 'equal(entry.hash, entryHash(previous.hash, entry))',
        replace: 'true',
      },
    ],
    where: 'consensus',
    first: 3,
    seeds: 20,
    by: 'Rot',
  },
  {
    name: 'the commit index goes back with a late append',
    edits: [
      {
        find: 'if (index <= commit)\n        return;\n    core.commit = index;',
        replace: 'core.commit = index;',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 20,
    by: 'Committed',
  },
  {
    name: 'a new leader removes what it does not know to be committed',
    edits: [
      {
        find: 'const firstIndex = core.log.last.index + 1;',
        replace:
          'if (core.log.last.index > core.commit) core.log.truncate(core.commit + 1); const firstIndex = core.log.last.index + 1;',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 20,
    by: 'LeaderAppendOnly',
  },
  {
    name: 'the time of the log goes back with its leader’s clock',
    edits: [
      {
        find: 'isHeldBack(core, reachedMs) ? timeMs : Math.max(timeMs, reachedMs)',
        replace: 'isHeldBack(core, reachedMs) ? timeMs : reachedMs',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 20,
    by: 'LogMatching',
  },
];
