import type { PlantedBug } from './planted-bug.js';

/** Mistakes around the versions of keys, and their end. */
export const LIFE_BUGS: readonly PlantedBug[] = [
  {
    name: 'a signature is made with a share of the version before',
    edits: [
      {
        find: "const held = this.#holdings.get(name);\n        const share = held && fromSecret(held);\n        if (share === undefined)\n            return 'gone';",
        replace:
          "const held = this.#holdings.get(nameOf({ keyId, version: version - 1 })) ?? this.#holdings.get(name);\n        const share = held && fromSecret(held);\n        if (share === undefined)\n            return 'gone';",
      },
    ],
    where: 'lives',
    first: 1,
    seeds: 10,
  },
  {
    name: 'nonces of one version are used for another',
    edits: [
      { find: 'return `${key}/${version}`;', replace: 'return `${key}`;' },
      {
        find: 'const secret = this.#supplies.take(name, supply);',
        replace:
          "let secret = this.#supplies.take(name, supply);\n        for (let at = version - 1; at > 0 && secret === 'gone'; at--)\n            secret = this.#supplies.take(nameOf({ keyId, version: at }), supply);",
      },
    ],
    where: 'lives',
    first: 1,
    seeds: 10,
  },
  {
    name: 'the share of the version before is erased when the next is active',
    edits: [
      { find: 'if (!isInstalledByAll(key))', replace: 'if (key.version < 2)' },
      {
        find: 'key === undefined || !isInstalledByAll(key) || !this.#isVerified(key)',
        replace: 'key === undefined || key.version < 2',
      },
    ],
    where: 'lives',
    first: 1,
    seeds: 10,
  },
  {
    name: 'the share of the version before is never erased',
    edits: [
      {
        find: 'kept.version !== undefined && kept.version < key.version',
        replace: 'false',
      },
    ],
    where: 'lives',
    first: 2,
    seeds: 10,
  },
  {
    name: 'two reshares of one version are both activated',
    edits: [
      {
        find: "if (taskId !== '') {\n        return refusal('wrong-state', 'RESHARE_OPEN'",
        replace: "if (false) {\n        return refusal('wrong-state', 'RESHARE_OPEN'",
      },
      { find: 'sharing.baseVersion === terms.baseVersion &&', replace: '' },
    ],
    where: 'lives',
    first: 2,
    seeds: 20,
  },
  {
    name: 'a retired key signs',
    edits: [
      {
        find: 'const misfit = checkInUse(key) ?? checkPayload(',
        replace: 'const misfit = checkPayload(',
      },
      {
        find: 'if (key === undefined || !isInUse(key))\n            return false;\n        const set = setOfKey(key);\n        return (attempt.dealers.length === 0',
        replace:
          'if (key === undefined)\n            return false;\n        const set = setOfKey(key);\n        return (attempt.dealers.length === 0',
      },
      { find: 'this.#holdings.shut(keyId);', replace: '' },
    ],
    where: 'lives',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a node says that a key is destroyed, and has its share',
    edits: [{ find: 'await keys.eraseAll(id);', replace: '' }],
    where: 'lives',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a version has another chain code than the one before, so that derived keys are others',
    edits: [
      {
        find: 'publicPolynomial: [...V],\n        publicKey,\n        chainCode,',
        replace: 'publicPolynomial: [...V],\n        publicKey,\n        chainCode: digest,',
      },
      { find: 'equal(chainCode, base.chainCode)', replace: 'true' },
    ],
    where: 'lives',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a key is refreshed twice in one interval',
    edits: [
      {
        find: 'dueMs: BigInt(nextDue(key.keyId, logMs, intervalMs)),',
        replace: 'dueMs: before.dueMs,',
      },
    ],
    where: 'lives',
    first: 2,
    seeds: 10,
  },
];

/** Mistakes that show with keys for threshold ECDSA too, in few seeds: where each is found. */
const OF_GG20: Readonly<Record<string, Pick<PlantedBug, 'first' | 'seeds'>>> = {
  'the share of the version before is erased when the next is active': { first: 1, seeds: 5 },
  'the share of the version before is never erased': { first: 1, seeds: 5 },
  'two reshares of one version are both activated': { first: 1, seeds: 5 },
  'a key is refreshed twice in one interval': { first: 1, seeds: 5 },
  'a retired key signs': { first: 4, seeds: 5 },
};

/** Mistakes around the versions of keys for threshold ECDSA, and the material that these rest on. */
export const GG20_LIFE_BUGS: readonly PlantedBug[] = [
  ...LIFE_BUGS.flatMap(({ name, edits }): readonly PlantedBug[] => {
    const found = OF_GG20[name];
    return found === undefined
      ? []
      : [{ name: `${name} (threshold ECDSA)`, edits, where: 'gg20 lives', ...found }];
  }),
  {
    name: 'a version is made with material from before its base',
    edits: [{ find: 'begun > activeIndex && begun > materialAfterIndex', replace: 'begun > 0n' }],
    where: 'gg20 lives',
    first: 1,
    seeds: 5,
  },
];
