import { gcd, PaillierSecretKey, RingPedersenTrapdoor, wipe } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import { isFitPair, type OwnMaterial } from '../own-material.js';
import type { Profile } from '../profile.js';
import { numberLayout, recordLayout, type Layout } from '../zk/layout.js';
import type { PublicMaterial } from './messages.js';

/** The first byte of the encoding. */
const FORMAT = 1;

type OwnNumbers = {
  readonly p: bigint;
  readonly q: bigint;
  readonly ph: bigint;
  readonly qh: bigint;
  readonly t: bigint;
  readonly lambda: bigint;
};

function numbersLayout({ modulusBits }: Profile): Layout<OwnNumbers> {
  const modulus = numberLayout(modulusBits / 8);
  const prime = numberLayout(modulusBits / 16);
  return recordLayout<OwnNumbers>({
    p: prime,
    q: prime,
    ph: prime,
    qh: prime,
    t: modulus,
    lambda: modulus,
  });
}

/** Bytes of one member's encoded secrets of a generation. */
export function ownSecretBytes(profile: Profile): number {
  return 1 + numbersLayout(profile).byteLength;
}

/** The secrets of one generation for a seal: format 01, p ‖ q of N, p ‖ q of Nh, t, lambda, each in its width. The caller wipes it. */
export function encodeOwnSecret(profile: Profile, { key, trapdoor }: OwnMaterial): Uint8Array {
  const layout = numbersLayout(profile);
  const numbers = layout.encode({
    p: key.primes.first.value,
    q: key.primes.second.value,
    ph: trapdoor.primes.first.value,
    qh: trapdoor.primes.second.value,
    t: trapdoor.t,
    lambda: trapdoor.lambda,
  });
  const bytes = new Uint8Array(1 + numbers.length);
  bytes[0] = FORMAT;
  bytes.set(numbers, 1);
  wipe(numbers);
  return bytes;
}

/**
 * The secrets of an encoding; nothing for bytes of another format or length, or numbers that fit no profile of this length. That
 * the numbers are primes is not looked at again: only what was once checked is sealed.
 *
 * @param random - Blinds lambda.
 */
export function decodeOwnSecret(
  profile: Profile,
  bytes: Uint8Array,
  random: Random,
): OwnMaterial | undefined {
  if (bytes[0] !== FORMAT) return undefined;
  const numbers = numbersLayout(profile).decode(bytes.subarray(1));
  if (numbers === undefined) return undefined;
  const { p, q, ph, qh, t, lambda } = numbers;
  const Nh = ph * qh;
  const isOdd = [p, q, ph, qh].every((prime) => (prime & 1n) === 1n);
  if (!isOdd || !isFitPair(profile, [p, q]) || !isFitPair(profile, [ph, qh])) return undefined;
  if (gcd(p * q, (p - 1n) * (q - 1n)) !== 1n || gcd(ph, qh) !== 1n) return undefined;
  if (t <= 1n || t >= Nh - 1n || gcd(t, Nh) !== 1n) return undefined;
  if (lambda < 1n || lambda >= (ph - 1n) * (qh - 1n)) return undefined;
  return {
    key: new PaillierSecretKey(p, q),
    trapdoor: RingPedersenTrapdoor.of(ph, qh, t, lambda, random),
  };
}

/** The public half, as records and messages have it. */
export function publicMaterial(
  { modulusBits }: Profile,
  { key, trapdoor }: OwnMaterial,
): PublicMaterial {
  const layout = numberLayout(modulusBits / 8);
  return {
    N: layout.encode(key.N),
    Nh: layout.encode(trapdoor.Nh),
    s: layout.encode(trapdoor.s),
    t: layout.encode(trapdoor.t),
  };
}
