import { assert, equal, type PartyIndex } from '../../common/index.js';
import { privateHash } from '../session-id.js';
import { of, othersOf, type BySigner, type Fault, type SignerSession } from './session.js';

type Place = Pick<SignerSession<unknown>, 'ssid0' | 'index' | 'signers'>;

/** The hashes of what this signer sent to each other one in a round, by receiver, ascending: for its next broadcast. */
export function privateHashes(
  session: Place,
  round: number,
  sent: BySigner<Uint8Array>,
): readonly Uint8Array[] {
  const { ssid0, index } = session;
  return othersOf(session).map((j) => privateHash(ssid0, round, index, j, of(sent, j)));
}

/** The signers whose list names another message than the one that came from them here: both are signed by them. */
export function privateHashFaults(
  session: Place,
  round: number,
  heard: BySigner<Uint8Array>,
  lists: BySigner<readonly Uint8Array[]>,
): readonly Fault[] {
  const { ssid0, index } = session;
  return othersOf(session)
    .filter((j) => {
      const named = of(lists, j)[placeOf(session, j)];
      assert(named !== undefined, 'a list has a hash for each other signer');
      return !equal(named, privateHash(ssid0, round, j, index, of(heard, j)));
    })
    .map((culprit) => ({
      culprit,
      check: `its private message of round ${round} is the listed one`,
    }));
}

/** This signer's place among the others of j. */
function placeOf({ index, signers }: Place, j: PartyIndex): number {
  return signers.filter((each) => each !== j).indexOf(index);
}
