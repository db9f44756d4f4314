import { assert } from '../common/index.js';
import { SecretPolynomial, wipe } from '../crypto/index.js';
import { algorithmName } from '../identity/index.js';
import type { Job, Jobs, Random, Verify } from '../ports/index.js';
import type { Algorithm } from '../wire/index.js';
import { aggregate } from './aggregate.js';
import {
  aggregateJob,
  belongsJob,
  commitJob,
  decodeJob,
  judgeOpeningJob,
  judgeShareJob,
  openKeygenJob,
  publicPartJob,
  randomBytesOf,
  signShareJob,
  verifyJob,
  type AggregateInput,
  type BelongsInput,
  type CommitInput,
  type DecodeInput,
  type JudgeOpeningInput,
  type JudgeShareInput,
  type OpenKeygenInput,
  type PublicPartInput,
  type SignShareInput,
  type VerifyInput,
} from './job-names.js';
import { judgeOpening, judgeShare } from './judge.js';
import { openingOf } from './opening.js';
import { publicPart } from './public-part.js';
import { commit, signShare } from './sign.js';
import { belongs, derivedPublicKey } from './signing-key.js';
import type { Suite } from './suite.js';

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
    [
      openKeygenJob,
      {
        compute({ algorithm, coefficients, k, salt, ...of }: OpenKeygenInput) {
          const suite = known(algorithm);
          const scalar = (bytes: Uint8Array): bigint => {
            const value = suite.group.decodeScalar(bytes);
            assert(value !== undefined, 'what is drawn is a scalar');
            return value;
          };
          try {
            using polynomial = new SecretPolynomial(suite.group, coefficients.map(scalar));
            return { output: openingOf(suite, of, polynomial, scalar(k), salt) };
          } finally {
            wipe(...coefficients, k);
          }
        },
      },
    ],
    [
      judgeOpeningJob,
      {
        compute({ algorithm, sessionId, who, threshold, kg1, kg2 }: JudgeOpeningInput) {
          return { output: judgeOpening(known(algorithm), sessionId, who, threshold, kg1, kg2) };
        },
      },
    ],
    [
      judgeShareJob,
      {
        compute({ algorithm, kg2, kg3, to }: JudgeShareInput) {
          try {
            return { output: judgeShare(known(algorithm), kg2, kg3, to) };
          } finally {
            wipe(kg3);
          }
        },
      },
    ],
    [
      publicPartJob,
      {
        compute({ algorithm, kg2, threshold }: PublicPartInput) {
          return { output: publicPart(known(algorithm), kg2, threshold) };
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
