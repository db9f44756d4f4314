import { modulo } from '../../../src/crypto/index.js';
import {
  combineBodies,
  publicSession,
  rerandomised,
  shareLayout,
  signatureShare,
  type Presigned,
} from '../../../src/gg20/index.js';
import { presignatureLayout, presignatureOf } from '../../../src/gg20/session/presignature.js';
import { signedFacts } from '../../../src/gg20/session/share-jobs.js';
import { testMaterial } from '../../support/builders/gg20.js';
import {
  begin,
  corruptWork,
  presignSessions,
  SESSION_ID,
  sharedSignature,
} from '../../support/builders/gg20-signing.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { set } from './pair.js';
import { bodies, LIAR, signed, SIGNERS, signingSession } from './session-runs.js';

const { group } = set.curve;

/** What signer 1 answered the attacker, who asked with another k in each run. */
async function answered(run: number): Promise<{ readonly k: bigint; readonly mu: bigint }> {
  const { key } = await signingSession();
  const { key: own } = testMaterial('small', LIAR);
  let [K, ch] = [0n, 0n];
  const work = corruptWork(key.compute, (name, input) => {
    if (name !== 'gg20/open-nonce') return input;
    const { secret } = input as { readonly secret: { readonly seed: Uint8Array } };
    return { ...input, secret: { ...secret, seed: secret.seed.map((byte) => byte ^ run) } };
  });
  await signed({
    work: { [LIAR]: work },
    tamper({ from, to, round, isBroadcast, body }) {
      if (from === LIAR && round === 'nonce' && isBroadcast)
        K = bodies.round1.decode(body)?.K ?? 0n;
      const isAnswer = from === 1 && to === LIAR && round === 'answer';
      if (isAnswer) ch = bodies.round2Each.decode(body)?.ch ?? 0n;
      return body;
    },
  });
  return { k: own.decryptSigned(K), mu: own.decryptSigned(ch) };
}

/** A copy of signer 1, random source and all, is asked something else: the same mask twice gives w. */
async function clone(): Promise<Attempt> {
  const { begun } = await signingSession();
  const [one, two] = [await answered(0), await answered(1)];
  const w = (one.mu - two.mu) / (one.k - two.k);
  const W = begun.facts.signers.find(({ index }) => index === 1)?.W;
  const isRight =
    W !== undefined &&
    w > 0n &&
    group.equal(group.multiplyBase(modulo(w, group.order)), group.decode(W));
  return isRight
    ? unstopped('w of signer 1, from one answer of it and one of its copy')
    : stoppedBy('the copy draws other masks');
}

/** The A of the ACCEPTs that the attacker showed to signer 4: another eta of its own is among them. */
const [ACCEPTS, OTHER_ACCEPTS] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

/** A share of a presignature, as an honest signer makes it who has seen these ACCEPTs. */
async function onlineShare(made: Presigned, accepts: Uint8Array): Promise<Uint8Array> {
  const { key, begun } = await signingSession();
  const { facts } = await begin(key);
  const count = SIGNERS.length;
  const parts = presignatureLayout(set, count).decode(made.presignature);
  if (parts === undefined || begun.signed === undefined) throw new Error('a presignature');
  const presignature = presignatureOf(publicSession(key.tables, facts), parts);
  const nonce = rerandomised(set, presignature, signedFacts(set, begun.signed), accepts);
  if (nonce === undefined) throw new Error('a nonce');
  const s = signatureShare(set, Uint8Array.from(made.secret), nonce);
  const { presigId, readies } = made;
  const said = { presigId, accepts, s, session: SESSION_ID, presignature: parts, readies };
  return shareLayout(set, count, 'online').encode(said);
}

/** Two ACCEPTs of the attacker: signer 4 has another d than the others, and its share is right by its own. */
async function splitAccept(): Promise<Attempt> {
  const { key, begun } = await signingSession();
  const presigning = await begin(key);
  const outcomes = await presignSessions(key);
  const shares = new Map<number, Uint8Array>();
  for (const [i, outcome] of outcomes) {
    if (!outcome.ok) throw outcome.error;
    shares.set(i, await onlineShare(outcome.value, i === 4 ? OTHER_ACCEPTS : ACCEPTS));
  }
  const [presigned] = outcomes.values();
  const presigId = presigned?.ok === true ? presigned.value.presigId : new Uint8Array();
  const signature = sharedSignature(key, { ...presigning, signed: begun.signed }, presigId);
  const combined = combineBodies(signature, shares, () => true);
  if (combined.ok) throw new Error('shares of two R make no signature');
  const { culprits } = combined;
  return culprits.length === 0
    ? stoppedBy('no share is wrong by the ACCEPTs that it names')
    : unstopped(`honest signers named for right shares: ${culprits.join()}`);
}

export const CLONES: readonly Gg20Attack[] = [
  {
    row: 30,
    name: 'a copy of a signer, its random source too, is asked with another k',
    stopped: 'the copy draws other masks',
    removed: [gg20('round-random.js', 'u16Item(round), bytesItem(heard)]', 'u16Item(round)]')],
    run: clone,
  },
  {
    row: 42,
    name: 'two ACCEPTs of one signer make another’s share wrong',
    stopped: 'no share is wrong by the ACCEPTs that it names',
    removed: [
      gg20(
        'session/combine.js',
        'rerandomised(set, presignature, facts, body.accepts)',
        'rerandomised(set, presignature, facts, new Uint8Array(32).fill(1))',
      ),
    ],
    run: splitAccept,
  },
];
