import type { PlantedBug } from './planted-bug.js';

/** Mistakes in how leadership is handed over, and doors that a transfer must not open. */
export const TRANSFER_BUGS: readonly PlantedBug[] = [
  {
    name: 'a leader names a node that lacks its last entries',
    edits: [
      {
        find: 'if (role.progress.get(transfer.target)?.match !== core.log.last.index)\n        return;',
        replace: '',
      },
    ],
    where: 'elections',
    first: 9,
    seeds: 20,
    by: 'Transfer',
  },
  {
    name: 'a leader takes proposals while it hands over',
    edits: [
      { find: "if (role.transfer !== undefined)\n        return 'not-leader';", replace: '' },
    ],
    where: 'elections',
    first: 4,
    seeds: 20,
  },
  {
    name: 'a node stands at the word of a leader of an earlier term',
    edits: [
      {
        find: 'answerStale(core, message);\n    return false;',
        replace: "answerStale(core, message);\n    return message.type === 'timeout-now';",
      },
      { find: 'leaderOf(core) !== from || !core.peers.includes(from)', replace: 'false' },
    ],
    where: 'elections',
    first: 4,
    seeds: 40,
  },
  {
    name: 'a node stands at the word of a node that does not lead',
    edits: [{ find: 'leaderOf(core) !== from || !core.peers.includes(from)', replace: 'false' }],
    where: 'byzantine',
    first: 1,
    seeds: 20,
  },
  {
    name: 'a request for a vote moves the term of a node that hears its leader',
    edits: [
      {
        find: "'vote-request': (core, request) => !isLeaderAlive(core) || isReleased(core, request)",
        replace: "'vote-request': () => true",
      },
    ],
    where: 'consensus',
    first: 10,
    seeds: 20,
  },
];
