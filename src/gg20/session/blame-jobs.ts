import type { PartyIndex } from '../../common/index.js';
import { checkDeltas, checkOpening5, open5 } from '../blame/type5.js';
import { checkOpening7, checkSigmas, open7 } from '../blame/type7.js';
import { opening5Layout, opening7Layout } from '../blame/messages.js';
import { othersOf, unlessFaults } from '../presign/session.js';
import { pointLayout } from '../zk/layout.js';
import type { Bodies } from './facts.js';
import type { OwnSecret } from './nonce-jobs.js';
import { own, read, readAll, sessionJob, type AtWork, type SessionInput } from './session-job.js';

type Open5Secret = { readonly nonce: Uint8Array; readonly masks: readonly Uint8Array[] };

/** F5: this signer's opening. */
export const open5Job = sessionJob(
  'open-5',
  ({ session, secrets }, { secret }: SessionInput<Open5Secret>) => {
    const others = othersOf(session);
    const masks = new Map(
      secret.masks.map((each, at) => [others[at] ?? 0, own(secrets.masks, each)]),
    );
    const opening = open5(session, own(secrets.nonce, secret.nonce), masks);
    const layout = opening5Layout(session.set, session.signers.length);
    return unlessFaults([], () => ({ body: layout.encode(opening) }));
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

/** F6: this signer's opening. */
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
    const layout = opening7Layout(session.set, session.signers.length);
    return unlessFaults([], () => ({ body: layout.encode(opening) }));
  },
);

type NoSecret = Readonly<Record<string, never>>;

/** Signer `who`'s opening, and the messages of all that it is held against. */
export type CheckOpeningInput = SessionInput<NoSecret> & {
  readonly ssid: Uint8Array;
  readonly who: PartyIndex;
  readonly opening: Uint8Array;
  readonly round1: Bodies;
  /** For F5 who's answers as Bob by Alice; for F6 those that it has as Alice by Bob. */
  readonly answers: Bodies;
  /** Absent where there is no R. */
  readonly R: Uint8Array | undefined;
  /** Of round 5, by `who`; for F5. */
  readonly round5: Uint8Array | undefined;
};

/** F5: one signer's opening by itself. */
export const checkOpening5Job = sessionJob(
  'check-opening-5',
  ({ session, bodies }, { ssid, who, opening, ...input }: CheckOpeningInput) => {
    const R = input.R && own(pointLayout(session.set.curve.group), input.R);
    const Rb = input.round5 && read(bodies.round5, who, input.round5).Rb;
    const rounds = {
      round1: readAll(bodies.round1, input.round1),
      answers: answersBy(bodies, who, input.answers),
      ...(Rb !== undefined && { Rb }),
    };
    const layout = opening5Layout(session.set, session.signers.length);
    const said = read(layout, who, opening);
    return unlessFaults(checkOpening5({ ...session, ssid }, rounds, who, said, R), () => ({}));
  },
);

/** F6: one signer's opening by itself. */
export const checkOpening7Job = sessionJob(
  'check-opening-7',
  ({ session, bodies }, { ssid, who, opening, ...input }: CheckOpeningInput) => {
    const rounds = {
      round1: readAll(bodies.round1, input.round1),
      answers: answersBy(bodies, who, input.answers),
    };
    const layout = opening7Layout(session.set, session.signers.length);
    const said = read(layout, who, opening);
    return unlessFaults(checkOpening7({ ...session, ssid }, rounds, who, said), () => ({}));
  },
);

/** Whose answer cannot be read, whoever shows it, is whose session ended before: so the one shown is the culprit. */
function answersBy({ round2Each }: AtWork['bodies'], who: PartyIndex, answers: Bodies) {
  return new Map([...answers].map(([j, body]) => [j, read(round2Each, who, body)]));
}

export type CheckSumInput = SessionInput<NoSecret> & {
  readonly ssid: Uint8Array;
  readonly openings: Bodies;
  /** Of round 3 for F5, of round 6 for F6. */
  readonly broadcasts: Bodies;
  readonly R: Uint8Array | undefined;
};

/** F5: the deltas of all, when all openings are right by themselves. */
export const checkDeltasJob = sessionJob(
  'check-deltas',
  ({ session, bodies }, { openings, broadcasts }: CheckSumInput) => {
    const layout = opening5Layout(session.set, session.signers.length);
    const round3 = readAll(bodies.round3, broadcasts);
    return unlessFaults(checkDeltas(session, round3, readAll(layout, openings)), () => ({}));
  },
);

/** F6: the S of all, when all openings are right by themselves. */
export const checkSigmasJob = sessionJob(
  'check-sigmas',
  ({ session, bodies }, { ssid, openings, broadcasts, ...input }: CheckSumInput) => {
    const layout = opening7Layout(session.set, session.signers.length);
    const R = own(pointLayout(session.set.curve.group), input.R ?? new Uint8Array());
    const round6 = readAll(bodies.round6, broadcasts);
    const faults = checkSigmas({ ...session, ssid }, round6, readAll(layout, openings), R);
    return unlessFaults(faults, () => ({}));
  },
);
