import { assert } from '../common/index.js';
import { SecretPolynomial, wipe } from '../crypto/index.js';
import type { Job, Jobs } from '../ports/index.js';
import type { Algorithm } from '../wire/index.js';
import { isRightOpening, isRightValue } from './checks.js';
import type { SharingGroup } from './group.js';
import {
  checkOpeningJob,
  checkValueJob,
  openKeygenJob,
  publicPolynomialJob,
  type CheckOpeningInput,
  type CheckValueInput,
  type OpenKeygenInput,
  type PublicPolynomialInput,
} from './job-names.js';
import { openingOf } from './opening.js';
import { publicPolynomial } from './public.js';

/** The arithmetic of key generation. */
export function sharingJobs(groupOf: (algorithm: Algorithm) => SharingGroup | undefined): Jobs {
  const known = (algorithm: Algorithm): SharingGroup => {
    const sharing = groupOf(algorithm);
    assert(sharing !== undefined, 'what is computed is of a known algorithm');
    return sharing;
  };
  return new Map<string, Job>([
    [
      openKeygenJob,
      {
        compute({ algorithm, coefficients, k, salt, ...of }: OpenKeygenInput) {
          const sharing = known(algorithm);
          const scalar = (bytes: Uint8Array): bigint => {
            const value = sharing.group.decodeScalar(bytes);
            assert(value !== undefined, 'what is drawn is a scalar');
            return value;
          };
          try {
            using polynomial = new SecretPolynomial(sharing.group, coefficients.map(scalar));
            return { output: openingOf(sharing, of, polynomial, scalar(k), salt) };
          } finally {
            wipe(...coefficients, k);
          }
        },
      },
    ],
    [
      checkOpeningJob,
      {
        compute({ algorithm, sessionId, who, threshold, commitBody, openBody }: CheckOpeningInput) {
          return {
            output: isRightOpening(
              known(algorithm),
              sessionId,
              who,
              threshold,
              commitBody,
              openBody,
            ),
          };
        },
      },
    ],
    [
      checkValueJob,
      {
        compute({ algorithm, openBody, valueBody, to }: CheckValueInput) {
          try {
            return { output: isRightValue(known(algorithm), openBody, valueBody, to) };
          } finally {
            wipe(valueBody);
          }
        },
      },
    ],
    [
      publicPolynomialJob,
      {
        compute({ algorithm, openBodies, threshold }: PublicPolynomialInput) {
          return { output: publicPolynomial(known(algorithm), openBodies, threshold) };
        },
      },
    ],
  ]);
}
