import { assert, type PartyIndex } from '../../common/index.js';
import { NAMED_ENTRIES } from '../blame/split-openings.js';
import type { ParameterSet } from '../parameter-set.js';
import { checkDeltas, checkOpening5, open5 } from '../blame/type5.js';
import { checkOpening7, checkSigmas, open7 } from '../blame/type7.js';
import {
  head5Layout,
  head7Layout,
  join5,
  join7,
  masksLayout,
  productsLayout,
  split5,
  split7,
} from '../blame/split-openings.js';
import { shortAnswerLayout } from '../presign/answer-form.js';
import { of, othersOf, unlessFaults, type Fault } from '../presign/session.js';
import { numberLayout, pointLayout } from '../zk/layout.js';
import type { Bodies } from './facts.js';
import type { OwnSecret } from './nonce-jobs.js';
import { own, read, readAll, sessionJob, type AtWork, type SessionInput } from './session-job.js';

type Open5Secret = { readonly nonce: Uint8Array; readonly masks: readonly Uint8Array[] };

/** Type 5: this signer's opening. */
export const open5Job = sessionJob(
  'open-5',
  ({ session, secrets }, { secret }: SessionInput<Open5Secret>) => {
    const others = othersOf(session);
    const masks = new Map(
      secret.masks.map((each, at) => [others[at] ?? 0, own(secrets.masks, each)]),
    );
    const opening = open5(session, own(secrets.nonce, secret.nonce), masks);
    return unlessFaults([], () => split5(session, session.index, opening));
  },
);

export type Open7Input = SessionInput<
  OwnSecret & {
    readonly nonce: Uint8Array;
    readonly products: readonly Uint8Array[];
    readonly sums: Uint8Array;
  }
> & {
  readonly ssid: Uint8Array;
  readonly R: Uint8Array;
  /** Of round 6: this signer's own. */
  readonly round6: Uint8Array;
  /** Of round 2, by sender. */
  readonly each2: Bodies;
};

/** Type 7: this signer's opening. */
export const open7Job = sessionJob(
  'open-7',
  ({ session, bodies, secrets, random }, { ssid, each2, secret, ...input }: Open7Input) => {
    const others = othersOf(session);
    const { group } = session.set.curve;
    const opening = open7(
      session,
      ssid,
      own(secrets.nonce, secret.nonce),
      new Map([...each2].map(([j, body]) => [j, read(bodies.round2Each, j, body)])),
      new Map(secret.products.map((each, at) => [others[at] ?? 0, own(secrets.products, each)])),
      own(secrets.sums, secret.sums),
      { R: own(pointLayout(group), input.R), S: own(bodies.round6, input.round6).S },
      random,
    );
    return unlessFaults([], () => split7(session, session.index, opening));
  },
);

type NoSecret = Readonly<Record<string, never>>;

/** Signer `who`'s opening, and the messages of all that it is held against. */
export type CheckOpeningInput = SessionInput<NoSecret> & {
  readonly ssid: Uint8Array;
  readonly who: PartyIndex;
  /** Both broadcasts of it. */
  readonly head: Uint8Array;
  readonly entries: Uint8Array;
  readonly round1: Bodies;
  /** For type 5 who's answers as Bob by Alice; for type 7 those that it has as Alice by Bob. Without their proofs. */
  readonly answers: Bodies;
  /** Absent where there is no R. */
  readonly R: Uint8Array | undefined;
  /** Of round 5, by `who`; for type 5. */
  readonly round5: Uint8Array | undefined;
};

/** Type 5: one signer's opening by itself. */
export const checkOpening5Job = sessionJob(
  'check-opening-5',
  ({ session, bodies }, { ssid, who, ...input }: CheckOpeningInput) => {
    const R = input.R && own(pointLayout(session.set.curve.group), input.R);
    const Rb = input.round5 && read(bodies.round5, who, input.round5).Rb;
    const rounds = {
      round1: readAll(bodies.round1, input.round1),
      answers: answersBy(session.set, who, input.answers),
      ...(Rb !== undefined && { Rb }),
    };
    const said = opening5(session, who, input);
    if (said === undefined) return unlessFaults([notNamed(who)], () => ({}));
    return unlessFaults(checkOpening5({ ...session, ssid }, rounds, who, said, R), () => ({}));
  },
);

/** Type 7: one signer's opening by itself. */
export const checkOpening7Job = sessionJob(
  'check-opening-7',
  ({ session, bodies }, { ssid, who, ...input }: CheckOpeningInput) => {
    const rounds = {
      round1: readAll(bodies.round1, input.round1),
      answers: answersBy(session.set, who, input.answers),
    };
    const said = opening7(session, who, input);
    if (said === undefined) return unlessFaults([notNamed(who)], () => ({}));
    return unlessFaults(checkOpening7({ ...session, ssid }, rounds, who, said), () => ({}));
  },
);

/** The ciphertexts of answers. Who shows one that cannot be read is named: the one that is listed could be. */
function answersBy(set: ParameterSet, who: PartyIndex, answers: Bodies) {
  const number = numberLayout(set.widths.square);
  return new Map(
    [...answers].map(([j, bytes]) => {
      const { c, ch } = read(shortAnswerLayout(set), who, bytes);
      return [j, { c: own(number, c), ch: own(number, ch) }];
    }),
  );
}

type SaidOpening = { readonly head: Uint8Array; readonly entries: Uint8Array };

function opening5(session: AtWork['session'], who: PartyIndex, { head, entries }: SaidOpening) {
  const { set, signers } = session;
  read(head5Layout(set, signers.length), who, head);
  return join5(session, who, head, read(masksLayout(set, signers.length), who, entries).entries);
}

function opening7(session: AtWork['session'], who: PartyIndex, { head, entries }: SaidOpening) {
  const { set, signers } = session;
  read(head7Layout(set, signers.length), who, head);
  return join7(session, who, head, read(productsLayout(set, signers.length), who, entries).entries);
}

function notNamed(culprit: PartyIndex): Fault {
  return { culprit, check: NAMED_ENTRIES };
}

export type CheckSumInput = SessionInput<NoSecret> & {
  readonly ssid: Uint8Array;
  readonly heads: Bodies;
  readonly entries: Bodies;
  /** Of round 3 for type 5, of round 6 for type 7. */
  readonly broadcasts: Bodies;
  readonly R: Uint8Array | undefined;
};

/** Type 5: the deltas of all, when all openings are right by themselves. */
export const checkDeltasJob = sessionJob(
  'check-deltas',
  ({ session, bodies }, { heads, entries, broadcasts }: CheckSumInput) => {
    const round3 = readAll(bodies.round3, broadcasts);
    const openings = new Map(
      session.signers.map((who) => {
        const said = { head: of(heads, who), entries: of(entries, who) };
        return [who, sound(opening5(session, who, said))];
      }),
    );
    return unlessFaults(checkDeltas(session, round3, openings), () => ({}));
  },
);

/** Type 7: the S of all, when all openings are right by themselves. */
export const checkSigmasJob = sessionJob(
  'check-sigmas',
  ({ session, bodies }, { ssid, heads, entries, broadcasts, ...input }: CheckSumInput) => {
    const openings = new Map(
      session.signers.map((who) => {
        const said = { head: of(heads, who), entries: of(entries, who) };
        return [who, sound(opening7(session, who, said))];
      }),
    );
    const R = own(pointLayout(session.set.curve.group), input.R ?? new Uint8Array());
    const round6 = readAll(bodies.round6, broadcasts);
    const faults = checkSigmas({ ...session, ssid }, round6, openings, R);
    return unlessFaults(faults, () => ({}));
  },
);

/** An opening that was looked at by itself before. */
function sound<T>(opening: T | undefined): T {
  assert(opening !== undefined, 'an opening was looked at by itself');
  return opening;
}
