import type { PartyIndex } from '../../common/index.js';
import { openNonce, proveNonce } from '../presign/round1.js';
import { answerNonce, checkNonce } from '../presign/round2.js';
import { sumProducts, takeAnswer } from '../presign/round3.js';
import { of, othersOf, unlessFaults } from '../presign/session.js';
import type { Bodies } from './facts.js';
import { own, read, sessionJob, type SessionInput } from './session-job.js';

/** A signer's long-lived secrets and a job's seed, in copies that the job wipes. */
export type OwnSecret = {
  readonly material: Uint8Array;
  readonly scalar: Uint8Array;
  readonly seed: Uint8Array;
};

/** The same with the secrets of one presignature. */
type NonceSecret = OwnSecret & { readonly nonce: Uint8Array };

/** Phase 1: k, gamma, and the broadcast of round 1. */
export const openNonceJob = sessionJob<SessionInput<OwnSecret>, OpenedNonce>(
  'open-nonce',
  ({ session, bodies, secrets, random }) => {
    const { secrets: nonce, all } = openNonce(session, random);
    return unlessFaults([], () => ({
      body: bodies.round1.encode(all),
      secret: { nonce: secrets.nonce.encode(nonce) },
    }));
  },
);

type OpenedNonce = { readonly body: Uint8Array; readonly secret: { readonly nonce: Uint8Array } };

/** Phase 1: Pi_alice for one other signer. */
export const proveNonceJob = sessionJob(
  'prove-nonce',
  (
    { session, bodies, secrets, random },
    { to, secret }: SessionInput<NonceSecret> & { readonly to: PartyIndex },
  ) => {
    const proof = proveNonce(session, own(secrets.nonce, secret.nonce), to, random);
    return unlessFaults([], () => ({ body: bodies.round1Each.encode(proof) }));
  },
);

export type AnswerInput = SessionInput<NonceSecret> & {
  readonly ssid: Uint8Array;
  readonly from: PartyIndex;
  /** Of round 1. */
  readonly body: Uint8Array;
  readonly each: Uint8Array;
};

/** Phase 2: looks at one other signer's Pi_alice, and answers its K only if that holds. */
export const answerNonceJob = sessionJob(
  'answer-nonce',
  ({ session, bodies, secrets, random }, input: AnswerInput) => {
    const { ssid, from, secret } = input;
    const heard = read(bodies.round1, from, input.body);
    const each = read(bodies.round1Each, from, input.each);
    return unlessFaults(checkNonce(session, from, heard, each), () => {
      const nonce = own(secrets.nonce, secret.nonce);
      const answer = answerNonce(session, ssid, nonce, from, heard, random);
      return {
        body: bodies.round2Each.encode(answer.each),
        secret: { masks: secrets.masks.encode(answer.masks) },
      };
    });
  },
);

export type TakeInput = SessionInput<NonceSecret> & {
  readonly ssid: Uint8Array;
  readonly from: PartyIndex;
  /** Of round 2. */
  readonly each: Uint8Array;
};

/** Phase 3: looks at both proofs of one other signer's answers, and decrypts these only if both hold. */
export const takeAnswerJob = sessionJob(
  'take-answer',
  ({ session, bodies, secrets }, { ssid, from, each, secret }: TakeInput) => {
    const answer = read(bodies.round2Each, from, each);
    const nonce = own(secrets.nonce, secret.nonce);
    const taken = takeAnswer(session, ssid, nonce, from, answer);
    if (!taken.ok) return taken;
    return unlessFaults([], () => ({
      secret: { products: secrets.products.encode(taken.value) },
    }));
  },
);

export type SumInput = SessionInput<
  NonceSecret & {
    /** Of each other signer, ascending. */
    readonly masks: readonly Uint8Array[];
    readonly products: readonly Uint8Array[];
  }
> & {
  readonly ssid: Uint8Array;
  readonly hashes1: readonly Uint8Array[];
  readonly hashes2: readonly Uint8Array[];
};

/** Phase 3: delta, sigma, T, and the broadcast of round 3. */
export const sumProductsJob = sessionJob(
  'sum-products',
  ({ session, bodies, secrets, random }, { ssid, hashes1, hashes2, secret }: SumInput) => {
    const others = othersOf(session);
    const byOther = (list: readonly Uint8Array[]): Bodies =>
      new Map(list.map((bytes, at) => [others[at] ?? 0, bytes]));
    const [masks, products] = [byOther(secret.masks), byOther(secret.products)];
    const { sums, all } = sumProducts(
      session,
      ssid,
      own(secrets.nonce, secret.nonce),
      new Map(others.map((j) => [j, own(secrets.masks, of(masks, j))])),
      new Map(others.map((j) => [j, own(secrets.products, of(products, j))])),
      { hashes1, hashes2 },
      random,
    );
    return unlessFaults([], () => ({
      body: bodies.round3.encode(all),
      secret: { sums: secrets.sums.encode(sums) },
    }));
  },
);
