import { equal, type PartyIndex } from '../../common/index.js';
import { gammaCommitment } from '../presign/round1.js';
import { publicPresignature, readyBytes } from '../presign/round7.js';
import { of, place } from '../presign/session.js';
import { listedHash } from '../presign/private-hashes.js';
import { BROADCAST_ROUNDS, echoOf } from '../session-id.js';
import { verifyAlice } from '../zk/alice.js';
import { verifyBobWc } from '../zk/bob-wc.js';
import { verifyBob } from '../zk/bob.js';
import { EVERYONE } from '../zk/context.js';
import { verifyR } from '../zk/r.js';
import { verifyS } from '../zk/s.js';
import { verifySchnorr } from '../zk/schnorr.js';
import { verifyT } from '../zk/t.js';
import type { JudgedViews } from './judged-views.js';

// The checks of each round, of one signer's messages. A message that is not shown fails none.

/** Pi_alice. */
export function nonceFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const { set, ssid0, facts } = session;
  const K = views.read('nonce', views.layouts.round1)?.K;
  return firstOf(views, 'nonce', (to, body) => {
    const each = views.layouts.round1Each.decode(body);
    if (K === undefined || each === undefined) return undefined;
    const statement = { key: of(facts, accused).key, c: K, to: of(facts, to).to };
    return failing(
      'Pi_alice',
      verifyAlice(set, place(ssid0, accused, to, 1), statement, each.proof),
    );
  });
}

/** Pi_bob and Pi_bob_wc. */
export function answerFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const { set, facts } = session;
  const heard = views.round1();
  if (heard === undefined) return undefined;
  const ssid = views.ssid(heard);
  return firstOf(views, 'answer', (to, body) => {
    const each = views.layouts.round2Each.decode(body);
    if (each === undefined) return undefined;
    const at = place(ssid, accused, to, 2);
    const common = { key: of(facts, to).key, c1: of(heard, to).K, to: of(facts, to).to };
    const withGamma = verifyBob(set, at, { ...common, c2: each.c }, each.proof);
    const X = of(facts, accused).W;
    return (
      failing('Pi_bob', withGamma) ??
      failing('Pi_bob_wc', verifyBobWc(set, at, { ...common, c2: each.ch, X }, each.proofWc))
    );
  });
}

/** Pi_T; and the lists of private messages. */
export function sumsFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const said = views.read('sums', views.layouts.round3);
  const heard = views.round1();
  if (said === undefined) return undefined;
  const lists =
    unlisted(views, 'nonce', 1, said.hashes1) ?? unlisted(views, 'answer', 2, said.hashes2);
  if (lists !== undefined || heard === undefined) return lists;
  const at = place(views.ssid(heard), accused, EVERYONE, 3);
  return failing('Pi_T', verifyT(session.set, at, { T: said.T }, said.proof));
}

/** The opening of Gamma, and that its logarithm is known. */
export function gammaFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const said = views.read('gamma', views.layouts.round4);
  const committed = views.read('nonce', views.layouts.round1);
  if (said === undefined || committed === undefined) return undefined;
  const { Gamma, salt, proof } = said;
  if (!equal(committed.commitment, gammaCommitment(session, accused, Gamma, salt))) {
    return 'Gamma opens its commitment';
  }
  const heard = views.round1();
  if (heard === undefined) return undefined;
  const at = place(views.ssid(heard), accused, EVERYONE, 4);
  return failing('Gamma', verifySchnorr(session.set, at, { X: Gamma }, proof));
}

/** Pi_R. */
export function nonceProofFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const { set, facts } = session;
  const [heard, R] = [views.round1(), views.R()];
  const Rb = views.read('rb', views.layouts.round5)?.Rb;
  if (heard === undefined || R === undefined || Rb === undefined) return undefined;
  const ssid = views.ssid(heard);
  const K = of(heard, accused).K;
  return firstOf(views, 'rb', (to, body) => {
    const each = views.layouts.round5Each.decode(body);
    if (each === undefined) return undefined;
    const statement = { key: of(facts, accused).key, c: K, to: of(facts, to).to, R, Rb };
    return failing('Pi_R', verifyR(set, place(ssid, accused, to, 5), statement, each.proof));
  });
}

/** Pi_S; and the list of private messages of round 5. */
export function sFault<P>(views: JudgedViews<P>): string | undefined {
  const { session, accused } = views.signer;
  const said = views.read('s', views.layouts.round6);
  if (said === undefined) return undefined;
  const list = unlisted(views, 'rb', 5, said.hashes5);
  const [heard, R, T] = [views.round1(), views.R(), views.read('sums', views.layouts.round3)?.T];
  if (list !== undefined || heard === undefined || R === undefined || T === undefined) return list;
  const at = place(views.ssid(heard), accused, EVERYONE, 6);
  return failing('Pi_S', verifyS(session.set, at, { R, S: said.S, T }, said.proof));
}

/** READY is of the presignature that the accused's view gives. */
export function readyFault<P>(views: JudgedViews<P>): string | undefined {
  const { session } = views.signer;
  const said = views.own('ready');
  const echoes = ['nonce', 'sums', 'gamma', 'rb', 's'].flatMap((round, at) => {
    const heard = views.bodies(round);
    return heard === undefined ? [] : [echoOf(session.ssid0, BROADCAST_ROUNDS[at] ?? 0, heard)];
  });
  const [heard, R] = [views.round1(), views.R()];
  const sums = views.all('sums', views.layouts.round3);
  const Rb = views.all('rb', views.layouts.round5);
  const S = views.all('s', views.layouts.round6);
  const isWhole = echoes.length === BROADCAST_ROUNDS.length;
  if (said === undefined || heard === undefined || R === undefined || !isWhole) return undefined;
  if (sums === undefined || Rb === undefined || S === undefined) return undefined;
  const made = publicPresignature(session, views.ssid(heard), R, { sums, Rb, S }, echoes);
  return equal(said, readyBytes(made.presigId)) ? undefined : 'READY names the presignature';
}

/** The private message of a round that its sender's list does not name. */
function unlisted<P>(
  views: JudgedViews<P>,
  round: string,
  number: number,
  hashes: readonly Uint8Array[],
): string | undefined {
  const { session, accused } = views.signer;
  return firstOf(views, round, (to, body) => {
    const listed = hashes[views.others.indexOf(to)] ?? new Uint8Array();
    const isListed = equal(
      listed,
      listedHash(session.set, session.ssid0, number, accused, to, body),
    );
    return isListed ? undefined : `its private message of round ${number} is the listed one`;
  });
}

/** The first check that fails among messages to single signers. */
function firstOf<P>(
  views: JudgedViews<P>,
  round: string,
  check: (to: PartyIndex, body: Uint8Array) => string | undefined,
): string | undefined {
  for (const [to, body] of views.each(round)) {
    const failed = check(to, body);
    if (failed === undefined) continue;
    views.takeEach(round, to);
    return failed;
  }
  return undefined;
}

function failing(proof: string, check: string | undefined): string | undefined {
  return check === undefined ? undefined : `${proof}: ${check}`;
}
