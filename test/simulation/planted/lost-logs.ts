import type { PlantedBug } from './planted-bug.js';

/** Mistakes in what convicts a node of having lost a part of its log, and in what it does then. */
export const LOST_LOG_BUGS: readonly PlantedBug[] = [
  {
    name: 'an acknowledgement of an earlier term convicts',
    edits: [
      {
        find: 'return said.term > standing.term;\n    if (said.index <= log.base)',
        replace:
          'return said.term > standing.term || said.index > standing.last;\n    if (said.index <= log.base)',
      },
    ],
    where: 'signed words',
    first: 1,
    seeds: 100,
  },
  {
    name: 'what a node signs convicts it in the same run',
    edits: [
      {
        find: 'function contradictsLog(said, standing, log) {\n    if (!isOfThisLife(said) || equal(said.boot, standing.boot))',
        replace: 'function contradictsLog(said, standing, log) {\n    if (!isOfThisLife(said))',
      },
    ],
    where: 'signed words',
    first: 1,
    seeds: 20,
  },
  {
    name: 'a node that has lost a part of its log goes on',
    edits: [{ find: 'core.withheld = true;', replace: '' }],
    where: 'old disks',
    first: 1,
    seeds: 20,
    by: 'LostLog',
  },
];
