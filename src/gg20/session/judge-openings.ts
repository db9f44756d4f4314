import { equal } from '../../common/index.js';
import { checkDeltas, checkOpening5, isRightMask } from '../blame/type5.js';
import { checkOpening7, checkSigmas, isRightProduct } from '../blame/type7.js';
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
    const body = shown[at];
    if (listed === undefined || body === undefined) return false;
    return equal(listed, privateHash(session.ssid0, 2, bob, accused, body));
  });
  return isListed ? undefined : 'the answers that it shows are the listed ones';
}

/** F5. The equation of delta is asked when the openings of the others are right in all that it takes of them. */
export function opening5Fault<P>(views: JudgedViews<P>): string | undefined {
  const { accused } = views.signer;
  const said = views.read('opening-5', views.layouts.opening5);
  const heard = views.round1();
  const answers = views.answersBy((alice) => views.answer(accused, alice));
  if (said === undefined || heard === undefined || answers === undefined) return undefined;
  const R = views.R();
  const Rb = views.read('rb', views.layouts.round5)?.Rb;
  const rounds = { round1: heard, answers, ...(Rb !== undefined && { Rb }) };
  const judged = views.judged(heard);
  const [own] = checkOpening5(judged, rounds, accused, said, R);
  if (own !== undefined) return own.check;

  const openings = views.all('opening-5', views.layouts.opening5);
  const sums = views.all('sums', views.layouts.round3);
  const asAlice = views.answersBy((bob) => views.answer(bob, accused));
  if (openings === undefined || sums === undefined || asAlice === undefined) return undefined;
  const areRight = views.others.every((bob) => {
    const c = of(asAlice, bob).c;
    return isRightMask(judged, heard, { bob, alice: accused, c }, of(openings, bob));
  });
  if (!areRight) return undefined;
  return checkDeltas(judged, sums, openings).find(({ culprit }) => culprit === accused)?.check;
}

/** F6. The equation of sigma is asked when the openings of the others are right in all that it takes of them. */
export function opening7Fault<P>(views: JudgedViews<P>): string | undefined {
  const { accused } = views.signer;
  const said = views.read('opening-7', views.layouts.opening7);
  const heard = views.round1();
  const answers = views.answersBy((bob) => views.answer(bob, accused));
  if (said === undefined || heard === undefined || answers === undefined) return undefined;
  const judged = views.judged(heard);
  const [own] = checkOpening7(judged, { round1: heard, answers }, accused, said);
  if (own !== undefined) return own.check;

  const openings = views.all('opening-7', views.layouts.opening7);
  const S = views.all('s', views.layouts.round6);
  const asBob = views.answersBy((alice) => views.answer(accused, alice));
  const R = views.R();
  if (openings === undefined || S === undefined || asBob === undefined || R === undefined) return;
  const areRight = views.others.every((alice) => {
    const ch = of(asBob, alice).ch;
    return isRightProduct(judged, heard, { bob: accused, alice, ch }, of(openings, alice));
  });
  if (!areRight) return undefined;
  return checkSigmas(judged, S, openings, R).find(({ culprit }) => culprit === accused)?.check;
}
