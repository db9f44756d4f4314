import { equal, type PartyIndex } from '../../common/index.js';
import { ProtocolAbort } from '../../mpc/index.js';
import { answersHeardLayout } from '../blame/messages.js';
import type { SplitOpening } from '../blame/split-openings.js';
import {
  listedShort,
  shortAnswer,
  shortAnswerLayout,
  type ShortAnswer,
} from '../presign/answer-form.js';
import { presignBodies } from '../presign/messages.js';
import { ANSWER_ROUND } from '../presign/private-hashes.js';
import { of, type Fault, type PresignResult } from '../presign/session.js';
import { privateHash } from '../session-id.js';
import { abort, SilentInBlame } from './abort.js';
import {
  checkDeltasJob,
  checkOpening5Job,
  checkOpening7Job,
  checkSigmasJob,
  open5Job,
  open7Job,
} from './blame-jobs.js';
import type { Bodies } from './facts.js';
import { copyOf, type HeardBodies, type SigningRun } from './signing-run.js';

/** The rounds of a session up to its failure. */
type Heard = {
  readonly ssid: Uint8Array;
  readonly round1: HeardBodies;
  readonly round2: HeardBodies;
  readonly round3: HeardBodies;
};

/** This signer's secrets of the failed presignature. Lists are in order of the other signers. */
type Secrets = {
  readonly nonce: Uint8Array;
  readonly masks: readonly Uint8Array[];
  readonly products: readonly Uint8Array[];
  readonly sums: Uint8Array;
};

/** Of their jobs: openings come after all rounds. */
const ROUND = 8;

/**
 * Type 5: the deltas, or the Rb, add up to what they should not, though each is right by itself. All signers open k and gamma, which
 * are burned with that; S is not known yet, and nothing of w is opened. It ends the session.
 */
export async function blame5(
  run: SigningRun,
  heard: Heard & { readonly R?: Uint8Array; readonly round5?: HeardBodies },
  { nonce, masks }: Secrets,
): Promise<never> {
  const { ssid, round1, round3, R, round5 } = heard;
  const common = { facts: run.parts.facts, index: run.index, ssid };
  const { heads, entries, answers } = await unlessSilent(run, 'opening-5', async () => {
    // The sums are of agreed values: every honest signer comes here, or none does.
    await run.party.agreed();
    const secret = { nonce: copyOf(nonce), masks: masks.map(copyOf) };
    const own = await sound(run, await run.compute(open5Job, { ...common, secret }));
    return openAll(run, 'opening-5', own, heard);
  });
  await checkAll(run, (who) =>
    run.compute(checkOpening5Job, {
      ...common,
      who,
      head: of(heads, who),
      entries: of(entries, who),
      round1: round1.all,
      answers: answersOfBob(run, answers, who),
      R,
      round5: round5 && of(round5.all, who),
      secret: {},
    }),
  );
  const sums = { heads, entries, broadcasts: round3.all, R };
  await sound(run, await run.compute(checkDeltasJob, { ...common, ...sums, secret: {} }));
  return abort(run, []);
}

/**
 * Type 7: the S do not add up to the key, though each is right by itself. All signers open k and the products with w; sigma stays
 * hidden, and this presignature never becomes ready. It ends the session.
 */
export async function blame7(
  run: SigningRun,
  heard: Heard & { readonly R: Uint8Array; readonly round6: HeardBodies },
  { nonce, products, sums }: Secrets,
): Promise<never> {
  const { ssid, round1, round2, round6, R } = heard;
  const common = { facts: run.parts.facts, index: run.index, ssid };
  const { heads, entries, answers } = await unlessSilent(run, 'opening-7', async () => {
    await run.party.agreed();
    const opened = await run.compute(open7Job, {
      ...common,
      R,
      round6: of(round6.all, run.index),
      each2: round2.each,
      secret: {
        ...run.own(run.seeds(ROUND, 1)[0]),
        nonce: copyOf(nonce),
        products: products.map(copyOf),
        sums: copyOf(sums),
      },
    });
    return openAll(run, 'opening-7', await sound(run, opened), heard);
  });
  await checkAll(run, (who) =>
    run.compute(checkOpening7Job, {
      ...common,
      who,
      head: of(heads, who),
      entries: of(entries, who),
      round1: round1.all,
      answers: of(answers, who),
      R,
      round5: undefined,
      secret: {},
    }),
  );
  const all = { heads, entries, broadcasts: round6.all, R };
  await sound(run, await run.compute(checkSigmasJob, { ...common, ...all, secret: {} }));
  return abort(run, []);
}

/** The opening's own broadcasts: its numbers, and its entries. */
const ENTRIES = { 'opening-5': 'masks', 'opening-7': 'products' } as const;

/** Openings and answers of all signers. Answers are without their proofs, by the one that had them and the one that gave them. */
type Opened = {
  readonly heads: Bodies;
  readonly entries: Bodies;
  readonly answers: ReadonlyMap<PartyIndex, Bodies>;
};

/** Shows this signer's opening and the answers that it had, and takes those of all: agreed, and the answers as listed. */
async function openAll(
  run: SigningRun,
  name: keyof typeof ENTRIES,
  opening: SplitOpening,
  { round2, round3 }: Heard,
): Promise<Opened> {
  const { set } = run.parts;
  const [layout, each] = [answersHeardLayout(set, run.signers.length), shortAnswerLayout(set)];
  const heard = run.others.flatMap((j) => shortAnswer(set, of(round2.each, j)) ?? []);
  const [shown, heads, entries] = await Promise.all([
    run.broadcast('answers', layout.encode({ answers: heard })),
    run.broadcast(name, opening.head),
    run.broadcast(ENTRIES[name], opening.entries),
  ]);
  const lists = new Map(
    [...shown.all].map(([who, body]) => [who, layout.decode(body)?.answers ?? []]),
  );
  const faults = run.signers.filter((who) => !areListed(run, round3, who, of(lists, who)));
  const check = 'the answers that it shows are the listed ones';
  if (faults.length > 0)
    await abort(
      run,
      faults.map((culprit) => ({ culprit, check })),
    );
  await run.party.agreed();
  const answers = new Map(
    [...lists].map(([who, list]): [PartyIndex, Bodies] => {
      const others = run.signers.filter((signer) => signer !== who);
      return [who, new Map(list.map((answer, at) => [others[at] ?? 0, each.encode(answer)]))];
    }),
  );
  return { heads: heads.all, entries: entries.all, answers };
}

/** Waits for all openings. Where the session closes first, or their time is over, the signers that have not opened are named. */
async function unlessSilent<T>(
  run: SigningRun,
  name: 'opening-5' | 'opening-7',
  openEach: () => Promise<T>,
): Promise<T> {
  const { party } = run.parts;
  // In this order: nobody goes on to the last before all have told what they heard in the first.
  const rounds = (['answers', name, ENTRIES[name]] as const).map((round) => {
    const heard = new Set<PartyIndex>();
    for (const who of run.signers) {
      party.heard(round, run.partyOf(who)).then(
        () => heard.add(who),
        () => undefined,
      );
    }
    return heard;
  });
  const silent = (): readonly PartyIndex[] => {
    const heard = rounds.find(({ size }) => size < run.signers.length);
    return heard === undefined ? [] : run.signers.filter((who) => !heard.has(who));
  };
  const overdue = new Error('The time for openings is over');
  const late = run.parts.ports.openingsOverdue?.().then(() => {
    throw overdue;
  });
  try {
    return await Promise.race([openEach(), ...(late === undefined ? [] : [late])]);
  } catch (error) {
    if (error instanceof ProtocolAbort) throw error;
    throw new SilentInBlame(
      silent().map((who) => run.partyOf(who)),
      error === overdue,
      error,
    );
  }
}

/** Whether every answer that `who` shows is the one that its sender's list names. */
function areListed(
  run: SigningRun,
  round3: HeardBodies,
  who: PartyIndex,
  shown: readonly ShortAnswer[],
): boolean {
  const { set, facts } = run.parts;
  const bodies = presignBodies(set, run.signers.length);
  return run.signers
    .filter((bob) => bob !== who)
    .every((bob, at) => {
      const lists = bodies.round3.decode(of(round3.all, bob));
      const named = lists?.hashes2[run.signers.filter((each) => each !== bob).indexOf(who)];
      const answer = shown[at];
      if (named === undefined || answer === undefined) return false;
      return equal(named, privateHash(facts.ssid0, ANSWER_ROUND, bob, who, listedShort(answer)));
    });
}

/** Bob's answers by Alice, as each Alice shows the one that it had. */
function answersOfBob(
  run: SigningRun,
  answers: ReadonlyMap<PartyIndex, Bodies>,
  bob: PartyIndex,
): Bodies {
  const alices = run.signers.filter((each) => each !== bob);
  return new Map(alices.map((alice) => [alice, of(of(answers, alice), bob)]));
}

async function checkAll(
  run: SigningRun,
  check: (who: PartyIndex) => Promise<PresignResult<unknown>>,
): Promise<void> {
  const results = await Promise.all(run.signers.map(check));
  const faults = results.flatMap(faultsOf);
  if (faults.length > 0) await abort(run, faults);
}

async function sound<T>(run: SigningRun, result: PresignResult<T>): Promise<T> {
  return result.ok ? result.value : abort(run, faultsOf(result));
}

function faultsOf(result: PresignResult<unknown>): readonly Fault[] {
  return !result.ok && result.refusal.kind === 'faults' ? result.refusal.faults : [];
}
