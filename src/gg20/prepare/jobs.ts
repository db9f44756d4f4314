import { assert } from '../../common/index.js';
import { decodeBigEndian, equalSecrets, wipe } from '../../crypto/index.js';
import type { Job } from '../../ports/index.js';
import { decodeMaterial, encodeMaterial, ownMaterial, type OwnMaterial } from '../own-material.js';
import type { ParameterSet } from '../parameter-set.js';
import { ExpandedRandom } from '../round-random.js';
import type { Gg20Context } from '../tables.js';
import { facLayout, proveFac } from '../zk/fac.js';
import { modLayout, proveMod } from '../zk/mod.js';
import { prmLayout, provePrm } from '../zk/prm.js';
import {
  areDistinct,
  factorsFault,
  materialFault,
  modulusFault,
  parametersFault,
  parametersHash,
  parametersPlace,
  provePlace,
  ringPedersenOf,
  type ProverPlace,
} from './checks.js';
import type {
  CommitBody,
  OpenBody,
  ParametersBody,
  ProveBody,
  ProveEachBody,
  PublicMaterial,
  RingPedersenBytes,
} from './messages.js';
import { publicMaterial } from './public-material.js';

/** Each takes a second or two at P3072 on a core of its own; where other work has the cores, many times that. */
const JOB_MS_MAX = 120_000;

/** Fresh primes as bytes: p and q of N, then p and q of Nh. */
export type PrimeBytes = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

export type MakeMaterialInput = {
  /** Of `setName`. */
  readonly set: string;
  /** Taken, and wiped. */
  readonly primes: PrimeBytes;
  /** Taken, and wiped. */
  readonly seed: Uint8Array;
};

export type MadeMaterial = {
  /** Encoded as of {@link encodeMaterial}. */
  readonly secret: Uint8Array;
  readonly material: PublicMaterial;
};

/** A key and bases of fresh primes. Bigints of secrets live in the job's thread until they are collected: they cannot be wiped. */
export const makeMaterialJob: Job<MakeMaterialInput, MadeMaterial, Gg20Context> = {
  name: 'gg20/make-material',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  takes: ({ primes, seed }) => [...primes, seed],
  gives: ({ secret }) => [secret],
  compute({ set, primes, seed }, { gg20 }) {
    const { profile } = gg20.parameterSet(set);
    using random = new ExpandedRandom(seed);
    try {
      const [p, q, ph, qh] = [
        decodeBigEndian(primes[0]),
        decodeBigEndian(primes[1]),
        decodeBigEndian(primes[2]),
        decodeBigEndian(primes[3]),
      ];
      const own = ownMaterial(profile, { paillier: [p, q], ringPedersen: [ph, qh] }, random);
      return { secret: encodeMaterial(profile, own), material: publicMaterial(profile, own) };
    } finally {
      wipe(...primes);
    }
  },
};

type ProveInput = {
  /** Of `setName`. */
  readonly set: string;
  /** A copy of this member's secrets: taken, and wiped. */
  readonly secret: Uint8Array;
  /** Taken, and wiped. */
  readonly seed: Uint8Array;
  readonly place: ProverPlace;
};

const takesSecret = ({ secret, seed }: ProveInput): readonly Uint8Array[] => [secret, seed];

/** Proves with this member's secrets, which are wiped then as far as they are bytes. */
function withSecret<T>(
  { set: name, secret, seed }: Omit<ProveInput, 'place'>,
  { gg20 }: Gg20Context,
  prove: (set: ParameterSet, own: OwnMaterial, random: ExpandedRandom) => T,
): T {
  const set = gg20.parameterSet(name);
  using random = new ExpandedRandom(seed);
  try {
    const own = decodeMaterial(set.profile, secret, random);
    assert(own !== undefined, 'own secrets are read as they were written');
    using key = own.key;
    using trapdoor = own.trapdoor;
    return prove(set, { key, trapdoor }, random);
  } finally {
    wipe(secret);
  }
}

export type ProvedParameters = { readonly proof: Uint8Array; readonly proofHash: Uint8Array };

/** Pi_prm for everyone. */
export const proveParametersJob: Job<ProveInput, ProvedParameters, Gg20Context> = {
  name: 'gg20/prove-parameters',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  takes: takesSecret,
  compute: (input, context) =>
    withSecret(input, context, (set, { trapdoor }, random) => {
      const made = provePrm(set, parametersPlace(input.place), trapdoor, random);
      const proof = prmLayout(set).encode(made);
      return { proof, proofHash: parametersHash(proof) };
    }),
};

export type ProveModulusInput = ProveInput & { readonly rids: readonly Uint8Array[] };

/** Pi_mod for everyone. */
export const proveModulusJob: Job<ProveModulusInput, Uint8Array, Gg20Context> = {
  name: 'gg20/prove-modulus',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  takes: takesSecret,
  compute: (input, context) =>
    withSecret(input, context, (set, { key }, random) => {
      const at = provePlace(input.place, input.rids);
      return modLayout(set).encode(proveMod(set, at, { key }, random));
    }),
};

export type ProveFactorsInput = ProveModulusInput & {
  /** The receiver, in the set, and its bases, which have been checked. */
  readonly verifier: number;
  readonly bases: RingPedersenBytes;
};

/** Pi_fac for one member. */
export const proveFactorsJob: Job<ProveFactorsInput, Uint8Array, Gg20Context> = {
  name: 'gg20/prove-factors',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  takes: takesSecret,
  compute: (input, context) =>
    withSecret(input, context, (set, { key }, random) => {
      const at = provePlace(input.place, input.rids, input.verifier);
      const proof = proveFac(set, at, key, ringPedersenOf(input.bases), random);
      return facLayout(set).encode(proof);
    }),
};

type CheckInput = {
  /** Of `setName`. */
  readonly set: string;
  readonly place: ProverPlace;
  readonly opened: OpenBody;
};

export type CheckMaterialInput = CheckInput & { readonly committed: CommitBody };

/** Checks a, d and f of one member: the name of the first that fails. */
export const checkMaterialJob: Job<CheckMaterialInput, string | undefined, Gg20Context> = {
  name: 'gg20/check-material',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  compute: ({ set, place, committed, opened }, { gg20 }) =>
    materialFault(gg20.parameterSet(set), place, committed, opened),
};

export type CheckParametersInput = CheckInput & { readonly shown: ParametersBody };

/** Check g of one member. */
export const checkParametersJob: Job<CheckParametersInput, string | undefined, Gg20Context> = {
  name: 'gg20/check-parameters',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  compute: ({ set, place, opened, shown }, { gg20 }) =>
    parametersFault(gg20.parameterSet(set), place, opened, shown),
};

export type CheckDistinctInput = { readonly openings: readonly OpenBody[] };

/** Checks b and e of all members of this session. */
export const checkDistinctJob: Job<CheckDistinctInput, boolean, Gg20Context> = {
  name: 'gg20/check-distinct',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  compute: ({ openings }) => areDistinct(openings),
};

export type CheckModulusInput = CheckInput & { readonly shown: ProveBody };

/** Check h of one member. */
export const checkModulusJob: Job<CheckModulusInput, string | undefined, Gg20Context> = {
  name: 'gg20/check-modulus',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  compute: ({ set, place, opened, shown }, { gg20 }) =>
    modulusFault(gg20.parameterSet(set), place, opened, shown),
};

export type CheckFactorsInput = CheckInput & {
  /** The receiver's index in the set. */
  readonly verifier: number;
  readonly shown: ProveEachBody;
};

/** Check i of one member. */
export const checkFactorsJob: Job<CheckFactorsInput, string | undefined, Gg20Context> = {
  name: 'gg20/check-factors',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  compute: ({ set, place, verifier, opened, shown }, { gg20 }) =>
    factorsFault(gg20.parameterSet(set), place, verifier, opened, shown),
};

export type CheckOwnSecretInput = {
  /** Of `setName`. */
  readonly set: string;
  /** As it was read back: taken, and wiped. */
  readonly secret: Uint8Array;
  /** Taken, and wiped. */
  readonly seed: Uint8Array;
  /** Of this member's record. */
  readonly material: PublicMaterial;
};

/** Claims that secrets which were sealed and opened again are those of a record: N, Nh, t, and s = t^lambda. */
export const checkOwnSecretJob: Job<CheckOwnSecretInput, boolean, Gg20Context> = {
  name: 'gg20/check-own-secret',
  lane: 'generation',
  msMax: JOB_MS_MAX,
  takes: ({ secret, seed }) => [secret, seed],
  compute({ set, secret, seed, material }, { gg20 }) {
    const { profile } = gg20.parameterSet(set);
    using random = new ExpandedRandom(seed);
    try {
      const own = decodeMaterial(profile, secret, random);
      if (own === undefined) return false;
      const made = publicMaterial(profile, own);
      const names = ['N', 'Nh', 's', 't'] as const;
      return names.every((name) => equalSecrets(made[name], material[name]));
    } finally {
      wipe(secret);
    }
  },
};

/** All arithmetic of `prepare`, for the table of jobs. */
export const PREPARE_JOBS = [
  makeMaterialJob,
  proveParametersJob,
  proveModulusJob,
  proveFactorsJob,
  checkMaterialJob,
  checkParametersJob,
  checkDistinctJob,
  checkModulusJob,
  checkFactorsJob,
  checkOwnSecretJob,
] as const;
