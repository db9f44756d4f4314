import { assert, equal, type PartyIndex } from '../../common/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { privateHash } from '../session-id.js';
import { listedAnswer } from './answer-form.js';
import { of, othersOf, type BySigner, type Fault, type SignerSession } from './session.js';

export const ANSWER_ROUND = 2;

type Place<P> = Pick<SignerSession<P>, 'set' | 'ssid0' | 'index' | 'signers'>;

/** The hashes of what this signer sent to each other one in a round, by receiver, ascending: for its next broadcast. */
export function privateHashes<P>(
  session: Place<P>,
  round: number,
  sent: BySigner<Uint8Array>,
): readonly Uint8Array[] {
  const { set, ssid0, index } = session;
  const hash = (j: PartyIndex): Uint8Array => listedHash(set, ssid0, round, index, j, of(sent, j));
  return othersOf(session).map(hash);
}

/** The signers whose list names another message than the one that came from them here: both are signed by them. */
export function privateHashFaults<P>(
  session: Place<P>,
  round: number,
  heard: BySigner<Uint8Array>,
  lists: BySigner<readonly Uint8Array[]>,
): readonly Fault[] {
  const { set, ssid0, index } = session;
  return othersOf(session)
    .filter((j) => {
      const named = of(lists, j)[placeOf(session, j)];
      assert(named !== undefined, 'a list has a hash for each other signer');
      return !equal(named, listedHash(set, ssid0, round, j, index, of(heard, j)));
    })
    .map((culprit) => ({
      culprit,
      check: `its private message of round ${round} is the listed one`,
    }));
}

/** The hash of a private message as its sender's list has it. An answer of round 2 is named by its parts. */
export function listedHash<P>(
  set: ParameterSet<P>,
  ssid0: Uint8Array,
  round: number,
  from: PartyIndex,
  to: PartyIndex,
  body: Uint8Array,
): Uint8Array {
  const listed = round === ANSWER_ROUND ? listedAnswer(set, body) : body;
  return privateHash(ssid0, round, from, to, listed);
}

/** This signer's place among the others of j. */
function placeOf(
  { index, signers }: Pick<Place<unknown>, 'index' | 'signers'>,
  j: PartyIndex,
): number {
  return signers.filter((each) => each !== j).indexOf(index);
}
