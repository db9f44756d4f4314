import type { PlantedBug } from './planted-bug.js';

/** Mistakes in how voters tell each other what they have, and what they conclude from it. */
export const ACKNOWLEDGEMENT_BUGS: readonly PlantedBug[] = [
  {
    // The term and the hash each say by themselves that an acknowledgement is of another log.
    name: 'an acknowledgement of an earlier term counts',
    edits: [
      {
        find: 'return said.term === term && ours !== undefined && equal(ours, said.hash);',
        replace: 'void equal; return said.term <= term && ours !== undefined;',
      },
      { find: 'return message.term >= core.term;', replace: 'return true;' },
    ],
    where: 'elections',
    first: 2,
    seeds: 100,
  },
  {
    name: 'an append of the leader counts as its acknowledgement',
    edits: [
      {
        find: 'function acknowledgedBy({ role, acknowledgements, term, log }, peer) {',
        replace:
          "function acknowledgedBy({ role, acknowledgements, term, log, matched }, peer) {\n    if (role.type === 'follower' && role.leader === peer) return matched;",
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 20,
  },
  {
    name: 'an acknowledgement is made from the length of the log',
    edits: [{ find: 'Math.min(core.matched, core.log.durable)', replace: 'core.log.durable' }],
    where: 'consensus',
    first: 1,
    seeds: 20,
  },
  {
    name: 'an acknowledgement speaks of entries that are not durable yet',
    edits: [{ find: 'Math.min(core.matched, core.log.durable)', replace: 'core.matched' }],
    where: 'consensus',
    first: 1,
    seeds: 20,
  },
  {
    name: 'an acknowledgement is sent again under a new term',
    edits: [{ find: '    core.acknowledged = 0;\n', replace: '' }],
    where: 'elections',
    first: 1,
    seeds: 50,
  },
  {
    name: 'an entry of an earlier term counts, since one of this term stands behind it',
    edits: [
      {
        find: 'if (core.log.termAt(reached) === core.term)',
        replace: 'if (core.log.last.term === core.term)',
      },
    ],
    where: 'figure eight',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a read is confirmed while the commit index of the leader is behind',
    edits: [
      { find: 'if (core.commit < confirming.index)\n        return;', replace: '' },
      {
        find: 'answer(core, reader, confirming.index);',
        replace: 'answer(core, reader, core.commit);',
      },
    ],
    where: 'elections',
    first: 1,
    seeds: 100,
  },
];
