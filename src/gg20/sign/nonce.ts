import { decodeBigEndian, encodeBigEndian, inverse, modulo } from '../../crypto/index.js';
import { bytesItem, pointItem, u8Item } from '../../wire/index.js';
import type { ParameterSet } from '../parameter-set.js';
import type { PublicPresignature } from '../presign/round7.js';
import { gg20Xof, numberItem } from '../transcript.js';
import { messageScalar, type SignedFacts } from './signed-facts.js';

/** The nonce of one signature: R' = d^−1·R. All of it is public. */
export type SigningNonce<P> = {
  readonly d: bigint;
  readonly R: P;
  /** r = x(R') mod q. */
  readonly r: bigint;
  /** Bit 0: y(R') is odd; bit 1: x(R') ≥ q. */
  readonly recoveryId: number;
  readonly m: bigint;
  readonly eps: bigint;
  /** The hash of all ACCEPTs; empty in the interactive mode. */
  readonly accepts: Uint8Array;
};

/** Reduced from twice the length of the largest q. */
const FACTOR_BYTES = 64;

/**
 * A presignature's nonce for one message. d depends on the message, the key at the path, R and bytes of every signer, so
 * that no message and no path is chosen after R' is known (Groth and Shoup 2021, section 4: without it, presignatures with
 * derived keys or with bare digests allow forgeries).
 *
 * @param accepts - Of {@link acceptsHash}.
 * @returns Nothing where d or r is 0: the presignature is not to be used.
 */
export function rerandomised<P>(
  set: ParameterSet<P>,
  { presigId, R }: PublicPresignature<P>,
  facts: SignedFacts<P>,
  accepts: Uint8Array,
): SigningNonce<P> | undefined {
  const { group } = set.curve;
  const m = messageScalar(set, facts);
  const bytes = gg20Xof(
    'rerand',
    [
      bytesItem(presigId),
      pointItem(group.encode(R)),
      pointItem(group.encode(facts.derivedKey)),
      numberItem(facts.eps, set.widths.scalar),
      u8Item(facts.hash),
      numberItem(m, set.widths.scalar),
      bytesItem(facts.digest),
      bytesItem(accepts),
    ],
    FACTOR_BYTES,
  );
  const d = decodeBigEndian(bytes) % group.order;
  if (d === 0n) return undefined;
  return nonceAt(set, d, group.multiplyPublic(R, inverse(d, group.order)), m, facts.eps, accepts);
}

/** The interactive mode: message and path stand in the session's id, so R is the nonce as it is. */
export function interactiveNonce<P>(
  set: ParameterSet<P>,
  { R }: PublicPresignature<P>,
  facts: SignedFacts<P>,
): SigningNonce<P> | undefined {
  return nonceAt(set, 1n, R, messageScalar(set, facts), facts.eps, new Uint8Array());
}

function nonceAt<P>(
  { curve }: ParameterSet<P>,
  d: bigint,
  R: P,
  m: bigint,
  eps: bigint,
  accepts: Uint8Array,
): SigningNonce<P> | undefined {
  const x = curve.x(R);
  const r = modulo(x, curve.group.order);
  if (r === 0n) return undefined;
  const recoveryId = (curve.hasOddY(R) ? 1 : 0) + (x >= curve.group.order ? 2 : 0);
  return { d, R, r, recoveryId, m, eps, accepts };
}

/** r ‖ s, 64 bytes. */
export function signatureBytes({ widths }: ParameterSet, r: bigint, s: bigint): Uint8Array {
  const bytes = new Uint8Array(2 * widths.scalar);
  bytes.set(encodeBigEndian(r, widths.scalar));
  bytes.set(encodeBigEndian(s, widths.scalar), widths.scalar);
  return bytes;
}
