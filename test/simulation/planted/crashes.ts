import type { PlantedBug } from './planted-bug.js';

/** Mistakes that only a crash at the right step shows. */
export const CRASH_BUGS: readonly PlantedBug[] = [
  {
    name: 'a node that comes back erases a share before all have said that the next one is durable',
    edits: [
      {
        find: 'if (key === undefined || !isInstalledByAll(key) || !this.#isVerified(key))',
        replace: 'if (key === undefined || key.version === FIRST_VERSION)',
      },
    ],
    where: 'crash points',
    first: 1_144,
    seeds: 20,
  },
  {
    name: 'a member is prepared before its material is durable',
    edits: [{ find: 'await keys.materials.keep({', replace: 'void keys.materials.keep({' }],
    where: 'crash points',
    first: 6_262,
    seeds: 25,
  },
];
