import type { EdwardsPoint } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { CurveGroup } from './curve-group.js';
import type { Group } from './group.js';
import { decodeLittleEndian, encodeLittleEndian } from './scalar.js';

/** The subgroup of order L of the Edwards curve of RFC 8032, encoded as in its §5.1.3 without leniency. */
export const ed25519Group: Group<EdwardsPoint> = new CurveGroup<EdwardsPoint>({
  Point: ed25519.Point,
  pointBytes: 32,
  scalars: { decode: decodeLittleEndian, encode: encodeLittleEndian },
});
