import type { PartyIndex } from '../../common/index.js';
import type { ParameterSet } from '../parameter-set.js';
import {
  publicPresignature,
  type PresignPoints,
  type PublicPresignature,
} from '../presign/round7.js';
import { of } from '../presign/session.js';
import { bytesLayout, listLayout, pointLayout, recordLayout, type Layout } from '../zk/layout.js';
import type { PublicSession } from './facts.js';

const HASH_BYTES = 32;
/** Of rounds 1, 3, 4, 5 and 6. */
const ECHOES = 5;

/** The public half of a presignature without what its session fixes. Lists are in order of signers. */
export type PresignatureParts<P> = {
  readonly ssid: Uint8Array;
  readonly R: P;
  readonly T: readonly P[];
  readonly Rb: readonly P[];
  readonly S: readonly P[];
  readonly echoes: readonly Uint8Array[];
};

/** @param signers - How many there are. */
export function presignatureLayout<P>(
  { curve }: ParameterSet<P>,
  signers: number,
): Layout<PresignatureParts<P>> {
  const point = pointLayout(curve.group);
  const points = listLayout(point, signers);
  return recordLayout<PresignatureParts<P>>({
    ssid: bytesLayout(HASH_BYTES),
    R: point,
    T: points,
    Rb: points,
    S: points,
    echoes: listLayout(bytesLayout(HASH_BYTES), ECHOES),
  });
}

export function partsOf<P>({
  ssid,
  R,
  signers,
  points,
  echoes,
}: PublicPresignature<P>): PresignatureParts<P> {
  const list = (name: keyof PresignPoints<P>): readonly P[] =>
    signers.map((j) => of(points, j)[name]);
  return { ssid, R, T: list('T'), Rb: list('Rb'), S: list('S'), echoes };
}

/** The presignature of these parts. Its id is computed of them, and of W_j, which the key fixes. */
export function presignatureOf<P>(
  session: PublicSession<P>,
  { ssid, R, T, Rb, S, echoes }: PresignatureParts<P>,
): PublicPresignature<P> {
  const bySigner = <V>(points: readonly P[], value: (point: P) => V): Map<PartyIndex, V> =>
    new Map(
      session.signers.flatMap((j, at): [PartyIndex, V][] => {
        const point = points[at];
        return point === undefined ? [] : [[j, value(point)]];
      }),
    );
  const rounds = {
    sums: bySigner(T, (point) => ({ T: point })),
    Rb: bySigner(Rb, (point) => ({ Rb: point })),
    S: bySigner(S, (point) => ({ S: point })),
  };
  return publicPresignature(session, ssid, R, rounds, echoes);
}
