import { assert } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import { algorithmName } from '../identity/index.js';
import type { Job, Jobs, Random, Verify } from '../ports/index.js';
import type { Algorithm } from '../wire/index.js';
import { aggregate } from './aggregate.js';
import {
  aggregateJob,
  belongsJob,
  commitJob,
  decodeJob,
  publicKeyJob,
  randomBytesOf,
  signShareJob,
  verifyJob,
  type AggregateInput,
  type BelongsInput,
  type CommitInput,
  type DecodeInput,
  type PublicKeyInput,
  type SignShareInput,
  type VerifyInput,
} from './job-names.js';
import { commit, signShare } from './sign.js';
import { belongs, derivedPublicKey, publicKeyOf } from './signing-key.js';
import type { Suite } from './suite.js';

export type JobParts = {
  readonly suiteOf: (algorithm: Algorithm) => Suite | undefined;
  /** Looks at every signature before it is given out, by code that did not make it. */
  readonly verify: Pick<Verify, 'final'>;
};

/** Everything of FROST signing that takes longer than a node may be kept waiting. */
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
    [
      publicKeyJob,
      {
        compute({ algorithm, V_0 }: PublicKeyInput) {
          return { output: publicKeyOf(known(algorithm), V_0) };
        },
      },
    ],
    [
      belongsJob,
      {
        compute({ algorithm, key, share }: BelongsInput) {
          try {
            return { output: belongs(known(algorithm), key, share) };
          } finally {
            wipe(share.scalar);
          }
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
