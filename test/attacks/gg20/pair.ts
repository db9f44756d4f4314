import type { PartyIndex } from '../../../src/common/index.js';
import type { PaillierPublicKey, RingPedersen } from '../../../src/crypto/index.js';
import {
  answerNonce,
  checkNonce,
  openNonce,
  takeAnswer,
  type AliceProof,
  type NonceSecrets,
  type ProofContext,
  type Round1,
  type Round2Each,
  type SignerSession,
} from '../../../src/gg20/index.js';
import { place } from '../../../src/gg20/presign/session.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import { smallSet } from '../../support/builders/gg20.js';
import { dealSigners } from '../../support/builders/gg20-signers.js';
import { faultTexts, stoppedBy, type Attempt } from './attack.js';

export const VICTIM = 1;
export const ATTACKER = 2;
/** Signs too; a friend of the attacker where an attack takes two. */
export const THIRD = 3;

export const set = smallSet();
export const { order: q } = set.curve.group;

/** One seed for all attacks: what they draw is the same in every run. */
export const random = seededRandom(44);

const key = dealSigners(set, 'small', [VICTIM, ATTACKER, THIRD]);

export function sessionOf(index: PartyIndex): SignerSession<unknown> {
  const session = key.sessions.get(index);
  if (session === undefined) throw new Error(`signer ${index} has a session`);
  return session;
}

export const victim = sessionOf(VICTIM);
export const attacker = sessionOf(ATTACKER);

/** Where the attacker’s proof for the victim stands. */
export function attackersPlace(ssid: Uint8Array, round: number): ProofContext {
  return place(ssid, ATTACKER, VICTIM, round);
}

/** What the attacker puts in the place of its own facts: that the victim has admitted. */
export function withFacts(
  session: SignerSession<unknown>,
  change: { readonly key?: PaillierPublicKey; readonly to?: RingPedersen },
): SignerSession<unknown> {
  const facts = session.facts.get(ATTACKER);
  if (facts === undefined) throw new Error('the attacker has facts');
  return { ...session, facts: new Map([...session.facts, [ATTACKER, { ...facts, ...change }]]) };
}

/** The victim’s round 1, which is the same in all sessions but for its randomness. */
export function opened(session = victim): {
  readonly secrets: NonceSecrets<unknown>;
  readonly all: Round1;
} {
  return openNonce(session, random);
}

/** Any bytes in their place: these attacks are about K alone. */
export function round1Of(K: bigint): Round1 {
  return { commitment: new Uint8Array(32), K, rid: random.bytes(32) };
}

/** Of a session that nothing else was said in. */
export function freshSsid(): Uint8Array {
  return random.bytes(32);
}

/** The victim’s answers to the attacker’s K, if its proof is taken. */
export function answersTo(
  K: bigint,
  proof: AliceProof,
  session = victim,
): Attempt | { readonly answers: Round2Each<unknown> } {
  const round1 = round1Of(K);
  const faults = checkNonce(session, ATTACKER, round1, { proof });
  if (faults.length > 0) return stoppedBy(...faultTexts(faults));
  const { secrets } = opened(session);
  const { each } = answerNonce(session, freshSsid(), secrets, ATTACKER, round1, random);
  return { answers: each };
}

/** What the victim decrypts of the attacker’s answers, if its proofs are taken. */
export function taken(
  secrets: NonceSecrets<unknown>,
  ssid: Uint8Array,
  answers: Round2Each<unknown>,
  session = victim,
): Attempt | { readonly alpha: bigint; readonly mu: bigint } {
  const result = takeAnswer(session, ssid, secrets, ATTACKER, answers);
  if (result.ok) return result.value;
  const { refusal } = result;
  if (refusal.kind !== 'faults') throw new Error(refusal.kind);
  return stoppedBy(...faultTexts(refusal.faults));
}
