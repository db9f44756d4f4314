/** Sizes of a participant set's moduli. Every key of the set has its set's profile. */
export type Profile = {
  /** Stands in every session's id. */
  readonly name: string;
  /** Exact bits of a Paillier modulus N and of a Ring-Pedersen modulus Nh. */
  readonly modulusBits: number;
  /** Repetitions in the proofs of N and of (Nh, s, t): a cheater who forges one attempt of them needs 2^repetitions tries. */
  readonly repetitions: number;
};

export type ProfileName = 'P2048' | 'P3072';

/**
 * The profiles that there are. Another one can be handed in as a value, and then nothing that names its profile, such as a
 * configuration or a request, comes to it: names are looked up here.
 */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  // 112 bits by NIST's figures for factoring; about three times as fast.
  P2048: { name: 'P2048', modulusBits: 2048, repetitions: 128 },
  // 128 bits. For new sets.
  P3072: { name: 'P3072', modulusBits: 3072, repetitions: 128 },
};
