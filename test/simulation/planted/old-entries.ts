import type { PlantedBug } from './planted-bug.js';

/** Mistakes with entries that are on disk alone. */
export const OLD_ENTRY_BUGS: readonly PlantedBug[] = [
  {
    name: 'entries leave memory that can still be truncated',
    edits: [
      {
        find: 'const last = Math.min(settled, this.#durable);',
        replace: 'const last = this.#durable;',
      },
    ],
    where: 'small memory',
    first: 1,
    seeds: 30,
  },
  {
    name: 'entries leave memory before they are durable',
    edits: [
      { find: 'const last = Math.min(settled, this.#durable);', replace: 'const last = settled;' },
    ],
    where: 'small memory',
    first: 1,
    seeds: 30,
  },
  {
    name: 'entries are removed from the disk that a voter lacks',
    edits: [
      {
        find: 'Math.min(Math.max(heldByAll(core), replaced), recorded)',
        replace: 'applied',
      },
    ],
    where: 'small memory',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a log begins one entry behind the front that its disk names',
    edits: [
      {
        find: 'return { before: part.last, genesisHash: this.#genesisHash };',
        replace:
          'return { before: { ...part.last, index: part.last.index - 1 }, genesisHash: this.#genesisHash };',
      },
    ],
    where: 'small memory',
    first: 1,
    seeds: 10,
  },
];
