import type { PartyIndex } from '../../common/index.js';
import { equal } from '../../common/index.js';
import { presignBodies } from '../presign/messages.js';
import { privateHashes } from '../presign/private-hashes.js';
import { readyBytes } from '../presign/round7.js';
import { of, type Fault, type PresignFailure, type PresignResult } from '../presign/session.js';
import { BROADCAST_ROUNDS, mixedSsid } from '../session-id.js';
import { abort } from './abort.js';
import { blame5, blame7 } from './blame.js';
import type { Bodies } from './facts.js';
import {
  answerNonceJob,
  openNonceJob,
  proveNonceJob,
  sumProductsJob,
  takeAnswerJob,
} from './nonce-jobs.js';
import {
  checkRbJob,
  checkSJob,
  checkSumsJob,
  commonNonceJob,
  proveRbJob,
  showSJob,
} from './point-jobs.js';
import { UNREADABLE, wipeMade, type Made } from './session-job.js';
import { copyOf, SigningRun, type HeardBodies, type SigningParts } from './signing-run.js';

/** A presignature that every signer has said READY of. */
export type Presigned = {
  readonly presigId: Uint8Array;
  /** Of the session in which READY was said. */
  readonly session: Uint8Array;
  /** The public half, of `presignatureLayout`. */
  readonly presignature: Uint8Array;
  /** The signatures of READY, in order of signers. */
  readonly readies: readonly Uint8Array[];
  /** k ‖ sigma, for one signature share. The caller gives it to the one job that makes it, or wipes it. */
  readonly secret: Uint8Array;
};

/**
 * Makes one presignature together with all signers of the session (GG20 phases 1 to 6, and READY). Arithmetic is in jobs: one
 * for each other signer where there are proofs modulo N, one for all where there are only points.
 *
 * @throws {ProtocolAbort} Signers' messages fail checks, or contradict each other.
 * @throws {SilentInBlame} The session closed while a failure's openings were awaited.
 */
export async function presign(parts: SigningParts): Promise<Presigned> {
  // Its secrets end with this scope: every way out of it is awaited.
  using run = new SigningRun(parts);
  const { facts } = parts;
  const { index, others } = run;
  const common = { facts, index };

  // Phase 1: K_i = Enc(k_i) for all, and for each other signer that k_i is small.
  const [first, ...more] = run.seeds(1, run.signers.length);
  const opened = await run.compute(openNonceJob, { ...common, secret: run.own(first) });
  const { body: body1, secret } = await value(run, opened);
  const nonce = run.keep(secret.nonce);
  const withNonce = (seed: Uint8Array | undefined) => ({ ...run.own(seed), nonce: copyOf(nonce) });
  const proofs1 = await toEach(run, (to, at) =>
    run.compute(proveNonceJob, { ...common, to, secret: withNonce(more[at]) }),
  );
  const round1 = await run.broadcastWithEach('nonce', body1, bodiesOf(others, proofs1));
  const ssid = await ssidOf(run, round1);
  const session = { ...common, ssid };

  // Phase 2: each other signer's K is answered once, if it is proved.
  const seeds2 = run.seeds(2, others.length);
  const answers = await toEach(run, (from, at) =>
    run.compute(answerNonceJob, {
      ...session,
      from,
      body: of(round1.all, from),
      each: of(round1.each, from),
      secret: withNonce(seeds2[at]),
    }),
  );
  const masks = answers.map((answer) => run.keep(answer.secret.masks));
  const sent2 = bodiesOf(others, answers);
  const round2 = await run.sendEach('answer', sent2);

  // Phase 3: nothing of another signer is decrypted before both its proofs hold.
  const seeds3 = run.seeds(3, others.length + 1);
  const taken = await toEach(run, (from, at) =>
    run.compute(takeAnswerJob, {
      ...session,
      from,
      each: of(round2.each, from),
      secret: withNonce(seeds3[at]),
    }),
  );
  const products = taken.map((each) => run.keep(each.secret.products));
  const place = { set: parts.set, ssid0: facts.ssid0, index, signers: run.signers };
  const summed = await value(
    run,
    await run.compute(sumProductsJob, {
      ...session,
      hashes1: privateHashes(place, 1, bodiesOf(others, proofs1)),
      hashes2: privateHashes(place, 2, sent2),
      secret: {
        ...withNonce(seeds3.at(-1)),
        masks: masks.map(copyOf),
        products: products.map(copyOf),
      },
    }),
  );
  const sums = run.keep(summed.secret.sums);
  const round3 = await run.broadcast('sums', summed.body);

  // Phase 4: Gamma is shown when every delta has come.
  const secrets = { nonce, masks, products, sums };
  const heard = { ssid, round1, round2, round3 };
  const [seed4] = run.seeds(4, 1);
  const checkedSums = await run.compute(checkSumsJob, {
    ...session,
    round3: round3.all,
    each1: round1.each,
    each2: round2.each,
    secret: { seed: seed4 ?? new Uint8Array(), nonce: copyOf(nonce) },
  });
  if (isOf(checkedSums, 'type-5')) return await blame5(run, heard, secrets);
  const { body: body4, deltaInverse } = await value(run, checkedSums);
  const round4 = await run.broadcast('gamma', body4);

  // Phase 5: Rb_i = k_i·R for all, and for each other signer that k_i is that of K_i.
  const { R, body: body5 } = await value(
    run,
    await run.compute(commonNonceJob, {
      ...session,
      round1: round1.all,
      round4: round4.all,
      deltaInverse,
      secret: { nonce: copyOf(nonce) },
    }),
  );
  const seeds5 = run.seeds(5, others.length);
  const proofs5 = await toEach(run, (to, at) =>
    run.compute(proveRbJob, { ...session, R, body: body5, to, secret: withNonce(seeds5[at]) }),
  );
  const sent5 = bodiesOf(others, proofs5);
  const round5 = await run.broadcastWithEach('rb', body5, sent5);
  const seeds6 = run.seeds(6, others.length + 1);
  await toEach(run, (from, at) =>
    run.compute(checkRbJob, {
      ...session,
      R,
      from,
      round1: of(round1.all, from),
      round5: of(round5.all, from),
      each5: of(round5.each, from),
      secret: run.own(seeds6[at]),
    }),
  );

  // Phase 6: S_i depends on the key. It is shown when all signers have told that they heard the same Rb, and all before.
  await run.party.agreed();
  const shown = await run.compute(showSJob, {
    ...session,
    R,
    round3: of(round3.all, index),
    round5: round5.all,
    hashes5: privateHashes(place, 5, sent5),
    secret: { seed: seeds6.at(-1) ?? new Uint8Array(), sums: copyOf(sums) },
  });
  if (isOf(shown, 'type-5')) return await blame5(run, { ...heard, R, round5 }, secrets);
  const { body: body6 } = await value(run, shown);
  const round6 = await run.broadcast('s', body6);
  const broadcasts = [round1, round3, round4, round5, round6];
  const echoes = broadcasts.map((round, at) => run.echo(BROADCAST_ROUNDS[at] ?? 0, round));
  const checkedS = await run.compute(checkSJob, {
    ...session,
    R,
    round3: round3.all,
    round5: round5.all,
    round6: round6.all,
    each5: round5.each,
    echoes,
    secret: { nonce: copyOf(nonce), sums: copyOf(sums) },
  });
  if (isOf(checkedS, 'type-7')) return await blame7(run, { ...heard, R, round6 }, secrets);
  const { presigId, presignature, secret: last } = await value(run, checkedS);

  // READY covers the last echo. From here on there is no opening any more.
  const presigned = run.keep(last.presignature);
  const readies = await allReady(run, presigId);
  const { sessionId } = parts.party;
  return { presigId, session: sessionId, presignature, readies, secret: copyOf(presigned) };
}

/** The signatures of every signer's READY of this presignature. */
async function allReady(run: SigningRun, presigId: Uint8Array): Promise<readonly Uint8Array[]> {
  const { party } = run.parts;
  const body = readyBytes(presigId);
  const ready = party.round('ready', { all: body });
  // Signers that heard different S of one sender say different READYs, or none: their echoes tell who the sender is.
  const heard = await Promise.race([ready, run.party.agreed().then(() => ready)]);
  const faults = heard
    .filter(({ all }) => !equal(all, body))
    .map(({ from }): Fault => ({
      culprit: run.signerOf(from),
      check: 'READY names the presignature',
    }));
  if (faults.length > 0) await abort(run, faults, ['ready']);
  return party.broadcasts('ready').map(({ signature }) => signature);
}

async function ssidOf(run: SigningRun, { all }: HeardBodies): Promise<Uint8Array> {
  const { set, facts } = run.parts;
  const { round1 } = presignBodies(set, run.signers.length);
  const read = new Map([...all].map(([from, body]) => [from, round1.decode(body)]));
  const unreadable = run.signers.filter((from) => read.get(from) === undefined);
  if (unreadable.length > 0)
    return abort(
      run,
      unreadable.map((culprit) => ({ culprit, check: UNREADABLE })),
    );
  return mixedSsid(
    facts.ssid0,
    run.signers.map((from) => of(read, from)?.rid ?? new Uint8Array()),
  );
}

/** One job for each other signer, side by side. */
async function toEach<T extends Made>(
  run: SigningRun,
  compute: (other: PartyIndex, at: number) => Promise<PresignResult<T>>,
): Promise<readonly T[]> {
  return made(run, run.others.map(compute));
}

/** The results of all jobs; the session ends with the faults of all that found some. */
async function made<T extends Made>(
  run: SigningRun,
  jobs: readonly Promise<PresignResult<T>>[],
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(jobs);
  const results = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const values = results.flatMap((result) => (result.ok ? [result.value] : []));
  if (values.length === jobs.length) return values;
  values.forEach(wipeMade);
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
  return fail(
    run,
    results.flatMap((result) => (result.ok ? [] : [result.refusal])),
  );
}

async function value<T>(run: SigningRun, result: PresignResult<T>): Promise<T> {
  return result.ok ? result.value : fail(run, [result.refusal]);
}

function fail(run: SigningRun, failures: readonly PresignFailure[]): Promise<never> {
  return abort(
    run,
    failures.flatMap((failure) => (failure.kind === 'faults' ? failure.faults : [])),
  );
}

function isOf<T>(result: PresignResult<T>, kind: PresignFailure['kind']): boolean {
  return !result.ok && result.refusal.kind === kind;
}

function bodiesOf(
  others: readonly PartyIndex[],
  list: readonly { readonly body: Uint8Array }[],
): Bodies {
  return new Map(others.flatMap((j, at) => (list[at] ? [[j, list[at].body] as const] : [])));
}
