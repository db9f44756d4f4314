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
    first: 18,
    seeds: 60,
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
  },
];
