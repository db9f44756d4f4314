import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { concat, nodeId, type PartyIndex } from '../../../src/common/index.js';
import { randomScalar, SecretPolynomial, xof } from '../../../src/crypto/index.js';
import {
  commit,
  publicKeyOf,
  signShare,
  type Commitment,
  type Suite,
} from '../../../src/frost/index.js';
import { algorithmJobs } from '../../../src/algorithms/index.js';
import {
  generateKey,
  keygen,
  type KeyShare,
  type KeygenRounds,
  type NewKey,
  type SharedKey,
} from '../../../src/sharing/index.js';
import { GG20, VERIFIERS, schemesWith } from './schemes.js';
import type { Party, Session } from '../../../src/mpc/index.js';
import { inlineCompute } from '../../../src/machine/index.js';
import type { Random, Signer, Verify } from '../../../src/ports/index.js';
import { u64Item } from '../../../src/wire/index.js';
import { runSessions, type Tamper } from './session-exchange.js';

export type { Tamper } from './session-exchange.js';

/** Random bytes that are the same for the same seed. */
export function seededRandom(seed: number): Random {
  let count = 0;
  return {
    bytes: (length) => {
      count += 1;
      return xof('test random', [u64Item(seed), u64Item(count)], length);
    },
  };
}

const ED25519_SPKI_PREFIX = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]);

/** RFC 8032 verification by OpenSSL. */
export function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const der = concat(ED25519_SPKI_PREFIX, publicKey);
  const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}

export const testVerify: Verify = {
  identity: verifyEd25519,
  certified: () => false,
};

/** Whether a final signature of the suite's algorithm holds, by the verifier that nodes ask. */
export function verifies<P>(
  { algorithm }: Suite<P>,
  publicKey: Uint8Array,
  message: Uint8Array,
): (signature: Uint8Array) => boolean {
  return (signature) => VERIFIERS[algorithm].verify(publicKey, message, signature);
}

/** A fresh identity key. */
export function testSigner(name: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return {
    node: nodeId(name),
    publicKey: new Uint8Array(der.subarray(-32)),
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

/** A key that was made, with its public key as clients see it. */
export type MadeKey = NewKey & { readonly publicKey: Uint8Array };

export type Outcome = { readonly key: MadeKey } | { readonly error: unknown } | 'waiting';

export type Keygen = {
  readonly sessionId: Uint8Array;
  readonly signers: readonly Signer[];
  readonly sessions: readonly Session<KeygenRounds>[];
  /** In order of index. `waiting`: it would go on waiting until its deadline. */
  readonly outcomes: readonly Outcome[];
};

export type KeygenOptions = {
  readonly suite: Suite;
  readonly threshold: number;
  readonly count: number;
  readonly seed?: number;
  readonly sessionId?: Uint8Array;
  readonly signers?: readonly Signer[];
  readonly verify?: Verify;
  readonly tamper?: Tamper;
  /** How often all say everything again once nothing moves. */
  readonly rounds?: number;
  /** Attackers: what they make of the party that the honest protocol would talk to. */
  readonly corrupt?: Readonly<
    Record<PartyIndex, (party: Party<KeygenRounds>) => Party<KeygenRounds>>
  >;
};

/** Runs a key generation among `count` parties in memory, until nothing moves any more. */
export async function runKeygen(options: KeygenOptions): Promise<Keygen> {
  const { suite, threshold, count, seed = 1 } = options;
  const sessionId = options.sessionId ?? xof('test session', [u64Item(seed)], 32);
  const signers =
    options.signers ?? Array.from({ length: count }, (_, at) => testSigner(`node-${at + 1}`));
  const compute = inlineCompute(
    algorithmJobs({ schemes: schemesWith(suite), verifiers: VERIFIERS, gg20: GG20 }),
  );
  const { sessions, outcomes } = await runSessions<KeygenRounds, never, MadeKey>({
    protocol: keygen,
    groups: {},
    sessionId,
    signers,
    verify: options.verify ?? testVerify,
    random: (index) => seededRandom(seed * 100 + index - 1),
    tamper: options.tamper,
    rounds: options.rounds,
    corrupt: options.corrupt,
    run: async (party) => {
      const random = seededRandom(seed * 1000 + party.index - 1);
      const key = await generateKey(suite, party, threshold, random, compute);
      const publicKey = publicKeyOf(suite, key.V[0] ?? new Uint8Array()) ?? new Uint8Array();
      return { ...key, publicKey };
    },
  });
  const ended = outcomes.map((outcome): Outcome => {
    return typeof outcome === 'object' && 'result' in outcome ? { key: outcome.result } : outcome;
  });
  return { sessionId, signers, sessions, outcomes: ended };
}

/** All keys of a run in which nobody failed. */
export function keysOf({ outcomes }: Keygen): readonly MadeKey[] {
  return outcomes.map((outcome) => {
    if (outcome === 'waiting') throw new Error('a party still waits');
    if ('error' in outcome) throw outcome.error;
    return outcome.key;
  });
}

/** Shares of a secret that one hand knows, for tests of signing alone. */
export function deal<P>(
  suite: Suite<P>,
  threshold: number,
  count: number,
  coefficients: readonly bigint[],
): { readonly key: SharedKey; readonly shares: readonly KeyShare[] } {
  const { group } = suite;
  const polynomial = new SecretPolynomial(group, coefficients);
  const V = polynomial.commitment().map((point) => group.encode(point));
  const shares = Array.from({ length: count }, (_, at) => ({
    index: at + 1,
    scalar: group.encodeScalar(polynomial.evaluate(at + 1)),
  }));
  const publicKey = publicKeyOf(suite, V[0] ?? new Uint8Array()) ?? new Uint8Array();
  return { key: { threshold, V, publicKey }, shares };
}

/** The same with a random secret. */
export function dealRandom<P>(suite: Suite<P>, threshold: number, count: number, random: Random) {
  const coefficients = Array.from({ length: threshold }, () =>
    randomScalar(suite.group.order, random),
  );
  return deal(suite, threshold, count, coefficients);
}

/** Commitments and shares of honest signers, in order of index. */
export function signAll<P>(
  suite: Suite<P>,
  key: SharedKey,
  signers: readonly KeyShare[],
  message: Uint8Array,
  random: Random,
): { readonly B: readonly Commitment[]; readonly shares: Map<PartyIndex, Uint8Array> } {
  const nonces = signers.map(({ scalar }) => commit(suite, scalar, random));
  const B = signers.map(({ index }, at) => {
    const { D, E } = nonces[at] ?? { D: new Uint8Array(), E: new Uint8Array() };
    return { index, D, E };
  });
  const shares = new Map<PartyIndex, Uint8Array>();
  for (const [at, signer] of signers.entries()) {
    const nonce = nonces[at];
    if (nonce === undefined) continue;
    const result = signShare(suite, key, signer, nonce, B, message);
    if ('share' in result) shares.set(signer.index, result.share);
  }
  return { B, shares };
}

/** All ways to choose `size` of 1 .. `count`, ascending. */
export function subsets(count: number, size: number, from = 1): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: count - from + 1 }, (_, at) => from + at).flatMap((first) =>
    subsets(count, size - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
