import type { PlantedBug } from './planted-bug.js';

/** Mistakes around threshold ECDSA: its rounds, proofs, nonces and material. */
export const GG20_BUGS: readonly PlantedBug[] = [
  {
    name: 'what depends on the key is shown before all echoes have come',
    edits: [
      {
        find: 'await run.party.agreed();\n        const shown',
        replace: 'const shown',
      },
    ],
    where: 'gg20',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a share of a session leaves before all signers are ready',
    edits: [
      {
        find: 'const readies = await allReady(run, presigId);',
        replace:
          'void allReady(run, presigId).catch(() => undefined);\n        const readies = run.signers.map(() => new Uint8Array(64));',
      },
    ],
    where: 'gg20',
    first: 1,
    seeds: 5,
  },
  {
    name: 'the nonce of a session is not drawn for that session',
    edits: [
      {
        find: 'new RoundRandom(random, { deviceSecret, ssid0, round, heard: this.#heard })',
        replace:
          'new RoundRandom({ bytes: (count) => new Uint8Array(count) }, { deviceSecret, ssid0: new Uint8Array(32), round, heard: new Uint8Array(32) })',
      },
    ],
    where: 'gg20',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a presignature is used twice',
    edits: [
      {
        find: 'const { presignature, readies, secret } = await presign(parts);',
        replace: `const kept = (globalThis.presignatures ??= new Map());
        const place = [party.index, facts.PK, ...facts.signers.map(({ index }) => index)].join(' ');
        const first = kept.get(place) ?? (await presign(parts));
        if (!kept.has(place)) kept.set(place, { ...first, secret: first.secret.slice() });
        const { presignature, readies } = first;
        const secret = first.secret.slice();`,
      },
    ],
    where: 'gg20',
    first: 1,
    seeds: 5,
  },
  {
    name: 'another run of a signer goes on with the session of an earlier one',
    edits: [
      {
        find: 'if (named === undefined || toHex(named.boot) !== self.boot) {',
        replace: 'if (named === undefined) {',
      },
    ],
    where: 'gg20',
    first: 1,
    seeds: 20,
  },
  {
    name: 'a member is prepared without having kept its material',
    edits: [{ find: 'await keys.materials.keep({', replace: 'await (async () => undefined)({' }],
    where: 'gg20',
    first: 1,
    seeds: 5,
  },
  {
    name: 'the proofs of an answer to a nonce are not verified',
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
    where: 'false answers',
    first: 1,
    seeds: 5,
  },
  {
    name: 'that the factors of a modulus are large is not verified',
    edits: [
      {
        find: 'factorsFault(gg20.parameterSet(set), place, verifier, opened, shown),',
        replace: 'undefined,',
      },
    ],
    where: 'gg20 byzantine',
    first: 11,
    seeds: 20,
  },
];
