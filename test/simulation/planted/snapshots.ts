import type { PlantedBug } from './planted-bug.js';

/** Mistakes with checkpoints, and with the states that nodes take in place of the log. */
export const SNAPSHOT_BUGS: readonly PlantedBug[] = [
  {
    name: 'a snapshot is installed without checking its hash',
    edits: [
      {
        find: 'else if (equal(digest.chain, snapshot.chain))',
        replace: 'else if (digest.bytes > 0)',
      },
      {
        find: 'return digest.bytes === all && equal(digest.chain, chain);',
        replace: 'return digest.bytes === all;',
      },
    ],
    where: 'snapshots',
    first: 1,
    seeds: 20,
  },
  {
    name: 'the log ends where no checkpoint is certified',
    edits: [
      {
        find: 'const replaced = Math.min(certified, commit, applied, log.durable);',
        replace: 'const replaced = Math.min(commit, applied, log.durable);',
      },
    ],
    where: 'snapshots',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a voter signs the state of a later entry',
    edits: [
      {
        find: 'const [reading, electorate] = [state.reading(), state.electorate()];',
        replace:
          'await new Promise((resolve) => this.#host.clock.after(50, resolve)); const [reading, electorate] = [state.reading(), state.electorate()];',
      },
    ],
    where: 'snapshots',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a snapshot leaves the log behind the front that it names',
    edits: [
      {
        find: 'const batch = { hardState, entries: [], writes: [], applied: place.index, installed: front };',
        replace:
          'const batch = { hardState, entries: [], writes: [], applied: place.index - 1, installed: front };',
      },
    ],
    where: 'snapshots',
    first: 1,
    seeds: 10,
  },
  {
    name: 'an append behind what is removed names no term',
    edits: [
      {
        find: '{ previous: core.log.frontLink, entries: [] }',
        replace: '{ previous: { ...core.log.frontLink, term: 0 }, entries: [] }',
      },
    ],
    where: 'snapshots',
    first: 1,
    seeds: 20,
    by: 'AppendPlace',
  },
];
