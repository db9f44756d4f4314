import type { PartyIndex } from '../../common/index.js';
import { randomScalar, randomUnit } from '../../crypto/index.js';
import type { Random } from '../../ports/index.js';
import { pointItem } from '../../wire/index.js';
import { commitmentOf, mixedSsid } from '../session-id.js';
import { gg20Transcript } from '../transcript.js';
import { proveAlice } from '../zk/alice.js';
import { SALT_BYTES, type Round1, type Round1Each } from './messages.js';
import { of, place, type BySigner, type SignerSession } from './session.js';

/** A signer's secrets of one presignature. */
export type NonceSecrets<P> = {
  /** Of the signature. */
  readonly k: bigint;
  /** Of K = Enc(k; r). */
  readonly r: bigint;
  readonly K: bigint;
  /** Hides k in delta. */
  readonly gamma: bigint;
  readonly Gamma: P;
  /** Of the commitment to Gamma. */
  readonly salt: Uint8Array;
};

/** Phase 1: k_i, gamma_i in [1, q), a commitment to Gamma_i = gamma_i·G, and K_i = Enc(k_i). */
export function openNonce<P>(
  session: SignerSession<P>,
  random: Random,
): { readonly secrets: NonceSecrets<P>; readonly all: Round1 } {
  const { group } = session.set.curve;
  const { key } = session.own;
  const [k, gamma] = [randomScalar(group.order, random), randomScalar(group.order, random)];
  const r = randomUnit(key.N, random);
  const Gamma = group.multiplyBase(gamma);
  const salt = random.bytes(SALT_BYTES);
  const K = key.encrypt(k, r);
  const all = {
    commitment: gammaCommitment(session, session.index, Gamma, salt),
    K,
    rid: random.bytes(SALT_BYTES),
  };
  return { secrets: { k, r, K, gamma, Gamma, salt }, all };
}

/** Hides Gamma_j until all delta have come, and binds its sender to it. */
export function gammaCommitment<P>(
  { set, ssid0 }: Pick<SignerSession<P>, 'set' | 'ssid0'>,
  j: PartyIndex,
  Gamma: P,
  salt: Uint8Array,
): Uint8Array {
  const payload = gg20Transcript('gamma', [pointItem(set.curve.group.encode(Gamma))]);
  return commitmentOf('gamma', ssid0, j, payload, salt);
}

/** Pi_alice for j: K_i encrypts a small number. Under j's commitments, for j alone. */
export function proveNonce<P>(
  { set, ssid0, index, facts, own }: SignerSession<P>,
  { k, r, K }: NonceSecrets<P>,
  j: PartyIndex,
  random: Random,
): Round1Each {
  const statement = { key: own.key, c: K, to: of(facts, j).to };
  return { proof: proveAlice(set, place(ssid0, index, j, 1), statement, { m: k, r }, random) };
}

/** The session's id with every signer's random bytes in it: that of all proofs from round 2 on. */
export function presignSsid<P>(
  { ssid0, signers }: Pick<SignerSession<P>, 'ssid0' | 'signers'>,
  heard: BySigner<Pick<Round1, 'rid'>>,
): Uint8Array {
  return mixedSsid(
    ssid0,
    signers.map((j) => of(heard, j).rid),
  );
}
