import { bodyLayout, bytesField, numberField, pointField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import { aliceLayout, type AliceProof } from '../zk/alice.js';
import { bobWcLayout, type BobWcProof } from '../zk/bob-wc.js';
import { bobLayout, type BobProof } from '../zk/bob.js';
import {
  bytesLayout,
  listLayout,
  numberLayout,
  pointLayout,
  scalarLayout,
  type Layout,
} from '../zk/layout.js';
import { rLayout, type RProof } from '../zk/r.js';
import { schnorrLayout, type SchnorrProof } from '../zk/schnorr.js';
import { sLayout, type SProof } from '../zk/s.js';
import { tLayout, type TProof } from '../zk/t.js';

export const HASH_BYTES = 32;
export const SALT_BYTES = 32;

/** Round 1 to all: a commitment to Gamma_i, K_i = Enc(k_i), and 32 random bytes for ssid. */
export type Round1 = {
  readonly commitment: Uint8Array;
  readonly K: bigint;
  readonly rid: Uint8Array;
};
/** Round 1 to each. */
export type Round1Each = { readonly proof: AliceProof };
/** Round 2 to each: Bob's two answers to one K. */
export type Round2Each<P> = {
  /** With gamma_j. */
  readonly c: bigint;
  readonly proof: BobProof;
  /** With w_j. */
  readonly ch: bigint;
  readonly proofWc: BobWcProof<P>;
};
/** Round 3 to all. The hashes name the private messages of rounds 1 and 2, by receiver, ascending. */
export type Round3<P> = {
  readonly delta: bigint;
  readonly T: P;
  readonly proof: TProof<P>;
  readonly hashes1: readonly Uint8Array[];
  readonly hashes2: readonly Uint8Array[];
};
/** Round 4 to all: the opening of round 1's commitment, and that gamma_i is known. */
export type Round4<P> = {
  readonly Gamma: P;
  readonly salt: Uint8Array;
  readonly proof: SchnorrProof<P>;
};
/** Round 5 to all: Rb_i = k_i·R. */
export type Round5<P> = { readonly Rb: P };
/** Round 5 to each. */
export type Round5Each<P> = { readonly proof: RProof<P> };
/** Round 6 to all: S_i = sigma_i·R. */
export type Round6<P> = {
  readonly S: P;
  readonly proof: SProof<P>;
  readonly hashes5: readonly Uint8Array[];
};

/** The bodies of all rounds. */
export type PresignBodies<P> = {
  readonly round1: Layout<Round1>;
  readonly round1Each: Layout<Round1Each>;
  readonly round2Each: Layout<Round2Each<P>>;
  readonly round3: Layout<Round3<P>>;
  readonly round4: Layout<Round4<P>>;
  readonly round5: Layout<Round5<P>>;
  readonly round5Each: Layout<Round5Each<P>>;
  readonly round6: Layout<Round6<P>>;
};

/** @param signers - How many there are: the lists of hashes are as long as each has others. */
export function presignBodies<P>(set: ParameterSet<P>, signers: number): PresignBodies<P> {
  const { group } = set.curve;
  const hash = bytesField(bytesLayout(HASH_BYTES));
  const hashes = bytesField(listLayout(bytesLayout(HASH_BYTES), signers - 1));
  const square = numberField(numberLayout(set.widths.square));
  const point = pointField(pointLayout(group));
  return {
    round1: bodyLayout<Round1>('presign/1', { commitment: hash, K: square, rid: hash }),
    round1Each: bodyLayout<Round1Each>('presign/1/each', { proof: bytesField(aliceLayout(set)) }),
    round2Each: bodyLayout<Round2Each<P>>('presign/2/each', {
      c: square,
      proof: bytesField(bobLayout(set)),
      ch: square,
      proofWc: bytesField(bobWcLayout(set)),
    }),
    round3: bodyLayout<Round3<P>>('presign/3', {
      delta: numberField(scalarLayout(group)),
      T: point,
      proof: bytesField(tLayout(set)),
      hashes1: hashes,
      hashes2: hashes,
    }),
    round4: bodyLayout<Round4<P>>('presign/4', {
      Gamma: point,
      salt: hash,
      proof: bytesField(schnorrLayout(set)),
    }),
    round5: bodyLayout<Round5<P>>('presign/5', { Rb: point }),
    round5Each: bodyLayout<Round5Each<P>>('presign/5/each', { proof: bytesField(rLayout(set)) }),
    round6: bodyLayout<Round6<P>>('presign/6', {
      S: point,
      proof: bytesField(sLayout(set)),
      hashes5: hashes,
    }),
  };
}
