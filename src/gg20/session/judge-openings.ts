import { equal } from '../../common/index.js';
import { checkDeltas, checkOpening5, isRightMask } from '../blame/type5.js';
import { checkOpening7, checkSigmas, isRightProduct } from '../blame/type7.js';
import { NAMED_ENTRIES } from '../blame/split-openings.js';
import { listedShort } from '../presign/answer-form.js';
import { ANSWER_ROUND } from '../presign/private-hashes.js';
import { of } from '../presign/session.js';
import { privateHash } from '../session-id.js';
import type { JudgedViews } from './judged-views.js';

// The checks of blame, of one signer's opening. A message that is not shown fails none.

/** Blame: the answers that the accused shows are those that their senders' lists name. */
export function shownAnswersFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const shown = views.read('answers', views.layouts.answers)?.answers;
  const lists = views.all('sums', views.layouts.round3);
  if (shown === undefined || lists === undefined) return undefined;
  const isListed = views.others.every((bob, at) => {
    const alices = session.signers.filter((each) => each !== bob);
    const listed = of(lists, bob).hashes2[alices.indexOf(accused)];
    const answer = shown[at];
    if (listed === undefined || answer === undefined) return false;
    const hash = privateHash(session.ssid0, ANSWER_ROUND, bob, accused, listedShort(answer));
    return equal(listed, hash);
  });
  return isListed ? undefined : 'the answers that it shows are the listed ones';
}

/** Blame: the entries of the accused's opening are those that it names. */
export function entriesFault<P>(views: JudgedViews<P>): string | undefined {
  return views.hasOtherEntries() ? NAMED_ENTRIES : undefined;
}

/** Type 5. The equation of delta is asked when the openings of the others are right in all that it takes of them. */
export function opening5Fault<P>(views: JudgedViews<P>): string | undefined {
  const { accused } = views.signer;
  const said = views.opening5();
  const heard = views.round1();
  const asBob = views.ciphertexts('c', (alice) => [accused, alice]);
  if (said === undefined || heard === undefined || asBob === undefined) return undefined;
  const R = views.R();
  const Rb = views.read('rb', views.layouts.round5)?.Rb;
  const answers = new Map([...asBob].map(([alice, c]) => [alice, { c }]));
  const rounds = { round1: heard, answers, ...(Rb !== undefined && { Rb }) };
  const judged = views.judged(heard);
  const [own] = checkOpening5(judged, rounds, accused, said, R);
  if (own !== undefined) return own.check;

  const openings = views.openings5(said);
  const sums = views.all('sums', views.layouts.round3);
  const asAlice = views.ciphertexts('c', (bob) => [bob, accused]);
  if (openings === undefined || sums === undefined || asAlice === undefined) return undefined;
  const areRight = views.others.every((bob) => {
    const c = of(asAlice, bob);
    return isRightMask(judged, heard, { bob, alice: accused, c }, of(openings, bob));
  });
  if (!areRight) return undefined;
  return checkDeltas(judged, sums, openings, [accused])[0]?.check;
}

/** Type 7. The equation of sigma is asked when the openings of the others are right in all that it takes of them. */
export function opening7Fault<P>(views: JudgedViews<P>): string | undefined {
  const { accused } = views.signer;
  const said = views.opening7();
  const heard = views.round1();
  const asAlice = views.ciphertexts('ch', (bob) => [bob, accused]);
  if (said === undefined || heard === undefined || asAlice === undefined) return undefined;
  const judged = views.judged(heard);
  const answers = new Map([...asAlice].map(([bob, ch]) => [bob, { ch }]));
  const [own] = checkOpening7(judged, { round1: heard, answers }, accused, said);
  if (own !== undefined) return own.check;

  const openings = views.openings7(said);
  const S = views.all('s', views.layouts.round6);
  const asBob = views.ciphertexts('ch', (alice) => [accused, alice]);
  const R = views.R();
  if (openings === undefined || S === undefined || asBob === undefined || R === undefined) return;
  const areRight = views.others.every((alice) => {
    const ch = of(asBob, alice);
    return isRightProduct(judged, heard, { bob: accused, alice, ch }, of(openings, alice));
  });
  if (!areRight) return undefined;
  return checkSigmas(judged, S, openings, R, [accused])[0]?.check;
}
