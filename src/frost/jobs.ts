import { assert, type PartyIndex } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import { algorithmName } from '../identity/index.js';
import type { Job, JobName, Jobs, Random, Verify } from '../ports/index.js';
import type { Algorithm } from '../wire/index.js';
import { aggregate, type AggregateResult } from './aggregate.js';
import type { Commitment } from './binding.js';
import type { FrostPublic, FrostShare } from './key.js';
import { commit, HEDGE_BYTES, signShare, type Nonce, type SignShareResult } from './sign.js';
import { derivedPublicKey } from './signing-key.js';
import type { Suite } from './suite.js';

/*
 * What is computed behind the port: plain data in, plain data out. Points are objects of a process; what crosses is bytes,
 * and each side remembers for itself what it has decoded.
 */

/** A nonce as it was made, and its commitment. */
export type MadeNonce = Nonce & { readonly D: Uint8Array; readonly E: Uint8Array };

export type CommitInput = {
  readonly algorithm: Algorithm;
  /** The job's own copy: it wipes it. */
  readonly scalar: Uint8Array;
  /** {@link randomBytesOf} one nonce for each that is wanted; wiped. */
  readonly randomness: Uint8Array;
};

export type SignShareInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  /** The job's own copy: it wipes it. */
  readonly share: FrostShare;
  /** Moved, and wiped. */
  readonly nonce: Nonce;
  readonly B: readonly Commitment[];
  readonly message: Uint8Array;
};

export type AggregateInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  readonly B: readonly Commitment[];
  readonly message: Uint8Array;
  readonly shares: ReadonlyMap<PartyIndex, Uint8Array>;
};

export type VerifyInput = {
  readonly algorithm: Algorithm;
  readonly key: FrostPublic;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

export type DecodeInput = {
  readonly algorithm: Algorithm;
  readonly points: readonly Uint8Array[];
};

/** Nonces from fresh randomness, {@link commit} for each. */
export const commitJob: JobName<CommitInput, readonly MadeNonce[]> = 'frost/commit';
/** {@link signShare}. */
export const signShareJob: JobName<SignShareInput, SignShareResult> = 'frost/sign-share';
/** {@link aggregate}. */
export const aggregateJob: JobName<AggregateInput, AggregateResult> = 'frost/aggregate';
/** The public key that a final signature verifies under, the one at the path; `undefined` when it does not verify. */
export const verifyJob: JobName<VerifyInput, Uint8Array | undefined> = 'frost/verify';
/** Which of the points are points; whoever computes next with them need not find out again. */
export const decodeJob: JobName<DecodeInput, readonly boolean[]> = 'frost/decode';

/** How much randomness {@link commitJob} takes for `count` nonces. */
export function randomBytesOf(count: number): number {
  return 2 * HEDGE_BYTES * count;
}

export type JobParts = {
  readonly suiteOf: (algorithm: Algorithm) => Suite | undefined;
  /** Looks at every signature before it is given out, by code that did not make it. */
  readonly verify: Pick<Verify, 'final'>;
};

/** Everything of FROST that takes longer than a node may be kept waiting. */
export function frostJobs({ suiteOf, verify }: JobParts): Jobs {
  const known = (algorithm: Algorithm): Suite => {
    const suite = suiteOf(algorithm);
    assert(suite !== undefined, 'what is computed is of a known algorithm');
    return suite;
  };
  return new Map<string, Job>([
    [
      commitJob,
      {
        compute({ algorithm, scalar, randomness }: CommitInput) {
          const random = inTurn(randomness);
          const count = randomness.length / randomBytesOf(1);
          const output = Array.from({ length: count }, () =>
            commit(known(algorithm), scalar, random),
          );
          wipe(scalar, randomness);
          return { output, moved: output.flatMap(({ d, e }) => [d, e]) };
        },
      },
    ],
    [
      signShareJob,
      {
        compute({ algorithm, key, share, nonce, B, message }: SignShareInput) {
          try {
            return { output: signShare(known(algorithm), key, share, nonce, B, message) };
          } finally {
            wipe(share.scalar);
          }
        },
      },
    ],
    [
      aggregateJob,
      {
        compute({ algorithm, key, B, message, shares }: AggregateInput) {
          const suite = known(algorithm);
          const output = aggregate(suite, key, B, message, shares, (signature) => {
            const publicKey = derivedPublicKey(suite, key) ?? key.publicKey;
            return verify.final(algorithmName(algorithm), publicKey, message, signature);
          });
          return { output };
        },
      },
    ],
    [
      verifyJob,
      {
        compute({ algorithm, key, message, signature }: VerifyInput) {
          const publicKey = derivedPublicKey(known(algorithm), key);
          const holds =
            publicKey !== undefined &&
            verify.final(algorithmName(algorithm), publicKey, message, signature);
          return { output: holds ? publicKey : undefined };
        },
      },
    ],
    [
      decodeJob,
      {
        compute({ algorithm, points }: DecodeInput) {
          const { group } = known(algorithm);
          return { output: points.map((point) => group.decode(point) !== undefined) };
        },
      },
    ],
  ]);
}

/** Randomness that was drawn before, each byte given once. */
function inTurn(randomness: Uint8Array): Random {
  let at = 0;
  return {
    bytes(count) {
      assert(at + count <= randomness.length, 'randomness is given once');
      at += count;
      return randomness.slice(at - count, at);
    },
  };
}
