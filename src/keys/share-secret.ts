import type { PartyIndex } from '../common/index.js';
import type { SecretBytes } from '../crypto/index.js';
import { ALGORITHMS, KEY_ALGORITHMS } from '../identity/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import type { Secret } from './sealed-secret.js';

/** A key share as a secret: of one kind for each algorithm, so that a share is never used under two. */
export type ShareSecret = {
  readonly algorithm: KeyAlgorithm;
  readonly index: PartyIndex;
  readonly threshold: number;
  /** An encoded scalar. */
  readonly scalar: SecretBytes;
};

/** u16be(index) ‖ u16be(threshold). */
const ABOUT_BYTES = 4;

/** The kind of a key share's secret, for example `key-share/FROST_ED25519_SHA512`. */
export function shareKindOf(algorithm: KeyAlgorithm): string {
  return `key-share/${ALGORITHMS[algorithm].name}`;
}

/** The same scalar: it has still one owner. */
export function toSecret({ algorithm, index, threshold, scalar }: ShareSecret): Secret {
  const about = Uint8Array.of(index >> 8, index & 0xff, threshold >> 8, threshold & 0xff);
  return { kind: shareKindOf(algorithm), about, bytes: scalar };
}

/** Reads a key share; `undefined` for a secret of another kind. */
export function fromSecret({ kind, about, bytes }: Secret): ShareSecret | undefined {
  const algorithm = KEY_ALGORITHMS.find((each) => shareKindOf(each) === kind);
  if (algorithm === undefined || about.length !== ABOUT_BYTES) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = about;
  return { algorithm, index: (a << 8) | b, threshold: (c << 8) | d, scalar: bytes };
}
