import type { PlantedBug } from './planted-bug.js';

/** Mistakes after which no invariant of safety breaks, and nothing goes on. */
export const LIVENESS_BUGS: readonly PlantedBug[] = [
  {
    name: 'a leader does not go back to where two logs agree',
    edits: [
      {
        find: 'if (late || prevIndex <= this.match)\n            return;',
        replace: 'void late; void guess; return;',
      },
    ],
    where: 'consensus',
    first: 1,
    seeds: 20,
    by: 'Liveness',
  },
];
