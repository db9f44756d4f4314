import type { PartyIndex } from '../../../src/common/index.js';
import { presignBodies, SigningAbort, type BegunSession } from '../../../src/gg20/index.js';
import { ProtocolAbort } from '../../../src/mpc/index.js';
import {
  ASKED,
  begin,
  dealKey,
  signAll,
  type Attack,
  type OnTheWay,
  type Outcome,
  type SharedTestKey,
} from '../../support/builders/gg20-signing.js';
import type { Attempt } from './attack.js';
import { set } from './pair.js';

/** The signers of a session: the attacker is the second party of it. */
export const SIGNERS: readonly PartyIndex[] = [1, 2, 4];
export const LIAR = 2;
export const HONEST: readonly PartyIndex[] = [1, 4];

export const bodies = presignBodies(set, SIGNERS.length);

export type SigningSession = { readonly key: SharedTestKey; readonly begun: BegunSession };

let made: Promise<SigningSession> | undefined;

async function dealt(): Promise<SigningSession> {
  const key = dealKey(set, 'small', SIGNERS);
  return { key, begun: await begin(key, ASKED) };
}

/** A key of 3-of-4 and a session that signs with it. */
export function signingSession(): Promise<SigningSession> {
  made ??= dealt();
  return made;
}

export type Run = {
  readonly outcomes: ReadonlyMap<PartyIndex, Outcome<Uint8Array>>;
  /** What was on its way: `4 opening-7`. */
  readonly said: readonly string[];
};

/** A session in which the attacker does this, to the end. */
export async function signed(attack: Attack): Promise<Run> {
  const { key, begun } = await signingSession();
  const said: string[] = [];
  const { tamper = ({ body }: OnTheWay) => body } = attack;
  const outcomes = await signAll(key, begun, {
    ...attack,
    tamper(message) {
      said.push(`${message.from} ${message.round}`);
      return tamper(message);
    },
  });
  return { outcomes, said };
}

/** Whom each honest signer names, and why. */
export function named({ outcomes }: Run): readonly string[] {
  return HONEST.flatMap((i): readonly string[] => {
    const outcome = outcomes.get(i);
    if (outcome === undefined || outcome.ok) return [];
    const { error } = outcome;
    if (error instanceof SigningAbort) {
      return error.faults.map(({ culprit, check }) => `${culprit} ${check}`);
    }
    return error instanceof ProtocolAbort
      ? error.culprits.map((party) => `${SIGNERS[party - 1] ?? 0} ${error.message}`)
      : [];
  });
}

/** Stopped, if the attacker alone is named; else what became of the honest ones. */
export function framing(run: Run): Attempt {
  const stopped = named(run);
  const framed = stopped.find((each) => !each.startsWith(`${LIAR} `));
  return framed === undefined
    ? { stopped }
    : { stopped: [], won: `an honest one named: ${framed}` };
}

/** What the attacker broadcasts in a round is something else for signer 4. */
export function toFourth(
  round: string,
  change: (body: Uint8Array) => Uint8Array,
): NonNullable<Attack['tamper']> {
  return (message) => {
    const { from, to, isBroadcast, body } = message;
    const isIt = from === LIAR && to === 4 && message.round === round && isBroadcast;
    return isIt ? change(body) : body;
  };
}
