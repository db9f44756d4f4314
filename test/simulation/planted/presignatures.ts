import type { PlantedBug } from './planted-bug.js';

/** Mistakes with presignatures that are made ahead, by a task of their own. */
export const PRESIGNATURE_BUGS: readonly PlantedBug[] = [
  {
    name: 'a presignature of a pool is used twice',
    edits: [
      {
        find: 'this.#forget(hex, kept);\n        return kept.presigned;',
        replace: 'return { ...kept.presigned, secret: kept.presigned.secret.slice() };',
      },
      { find: 'this.#drop(toHex(id));', replace: 'void id;' },
      // A leader that names what it has named before. With honest holders it would only be slow.
      { find: 'this.#pooled.delete(toHex(pooled.id));', replace: 'void pooled;' },
      { find: 'this.#pooled.delete(toHex(id));', replace: 'void id;' },
    ],
    where: 'presign',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a presignature is finished before all echoes have come',
    edits: [{ find: 'await run.party.agreed();\n        const shown', replace: 'const shown' }],
    where: 'presign',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a share of a presignature leaves before all signers have accepted',
    edits: [
      {
        find: "const heard = await all.round('accept', { all: body });",
        replace:
          "void all.round('accept', { all: body }).catch(() => undefined);\n        const heard = signersOf(facts).map((from) => ({ from, all: body }));",
      },
    ],
    where: 'presign',
    first: 1,
    seeds: 5,
  },
  {
    name: 'the proofs of an answer to a presignature’s nonce are not verified',
    edits: [
      {
        find: 'const bob = verifyBob(set, at, { ...common, c2: c }, proof);',
        replace: 'const bob = undefined;',
      },
      {
        find: 'const bobWc = bob ?? verifyBobWc(set, at, { ...common, c2: ch, X: of(facts, j).W }, proofWc);',
        replace: 'const bobWc = undefined;',
      },
    ],
    where: 'presign false answers',
    first: 1,
    seeds: 5,
  },
];
