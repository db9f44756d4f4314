import { decodeBigEndian, type RingPedersen } from '../../crypto/index.js';
import { bytesItem, pointItem, u16Item, u8Item, type Item } from '../../wire/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { gg20Xof, numberItem } from '../transcript.js';

/** A proof to every verifier. */
export const EVERYONE = 0xffff;

/** The place that a proof is made for. It holds nowhere else. */
export type ProofContext = {
  /** 32 bytes: ssid, or ssid0 where the session has none yet. */
  readonly ssid: Uint8Array;
  /** 1 .. n. */
  readonly prover: number;
  /** 1 .. n, or {@link EVERYONE}. */
  readonly verifier: number;
  readonly round: number;
};

/** All that a challenge depends on: every element of the statement, then every first move, in a fixed order. */
export type Challenged = {
  readonly statement: readonly Item[];
  readonly firstMoves: readonly Item[];
};

/** XOF("chal/<name>", [ssid, prover, verifier, round, statement, first moves], length). */
export function challengeBytes(
  name: string,
  { ssid, prover, verifier, round }: ProofContext,
  { statement, firstMoves }: Challenged,
  length: number,
): Uint8Array {
  const place = [bytesItem(ssid), u16Item(prover), u16Item(verifier), u8Item(round)];
  return gg20Xof(`chal/${name}`, [...place, ...statement, ...firstMoves], length);
}

/** Reduced from twice the length of the largest q: the bias is below 2^−256. */
const CHALLENGE_BYTES = 64;

/** e in [0, q). */
export function challengeOf(
  { curve }: ParameterSet,
  name: string,
  context: ProofContext,
  challenged: Challenged,
): bigint {
  const bytes = challengeBytes(name, context, challenged, CHALLENGE_BYTES);
  return decodeBigEndian(bytes) % curve.group.order;
}

/** Items of numbers and points. */
export type Items<P> = {
  /** Modulo N or Nh. */
  readonly modular: (...values: readonly bigint[]) => readonly Item[];
  /** Modulo N². */
  readonly square: (...values: readonly bigint[]) => readonly Item[];
  readonly points: (...points: readonly P[]) => readonly Item[];
  /** Nh, s and t. */
  readonly ringPedersen: (to: RingPedersen) => readonly Item[];
};

/** Items in the widths that the set fixes. */
export function itemsOf<P>({ curve, widths }: ParameterSet<P>): Items<P> {
  const modular = (...values: readonly bigint[]): readonly Item[] =>
    values.map((value) => numberItem(value, widths.modulus));
  return {
    modular,
    square: (...values) => values.map((value) => numberItem(value, widths.square)),
    points: (...points) => points.map((point) => pointItem(curve.group.encode(point))),
    ringPedersen: ({ Nh, s, t }) => modular(Nh, s, t),
  };
}
