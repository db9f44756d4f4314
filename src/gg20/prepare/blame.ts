import { equal, type PartyIndex } from '../../common/index.js';
import { ProtocolAbort, TO_ALL } from '../../mpc/index.js';
import type { Envelope } from '../../wire/index.js';
import {
  checkDistinctJob,
  checkFactorsJob,
  checkMaterialJob,
  checkModulusJob,
  checkParametersJob,
} from './jobs.js';
import { areBases, isRidOf } from './judge.js';
import type { CommitBody, OpenBody, ParametersBody, ProveBody, ProveEachBody } from './messages.js';
import { memberAt } from './facts.js';
import { of, placeOf, type OfAll, type PrepareRun } from './run.js';
import { modulusHash, type SeenModulus } from './seen-moduli.js';

/** A check that fails, and the signed messages that show it, in the order in which they are judged. */
type Fault = {
  readonly check: string;
  /** The culprit's own. */
  readonly evidence: readonly Envelope[];
  /** Another member's, after those. */
  readonly beside: readonly Envelope[];
};

/**
 * Checks a, d, f and g of every other party, then b and e. All views of the openings agree by now.
 *
 * @throws {ProtocolAbort} With everyone who fails; with nobody, where moduli meet by no one's provable fault.
 */
export async function requireOpenings(
  run: PrepareRun,
  commits: OfAll<CommitBody>,
  openings: OfAll<OpenBody>,
  parameters: OfAll<ParametersBody>,
): Promise<void> {
  const { compute, name: set } = run;
  await requireAll(run, async (j) => {
    const input = { set, place: placeOf(run, j), opened: of(openings, j) };
    const material = await compute.run(checkMaterialJob, { ...input, committed: of(commits, j) });
    if (material !== undefined) return faultOf(material, shownBy(run, j, ['commit', 'open']));
    const proof = await compute.run(checkParametersJob, { ...input, shown: of(parameters, j) });
    return proof === undefined
      ? undefined
      : faultOf(proof, shownBy(run, j, ['open', 'parameters']));
  });
  const all = openings.map((opening) => opening.all);
  if (!(await compute.run(checkDistinctJob, { openings: all }))) {
    throw new ProtocolAbort('Random bytes or factors of two members are the same', []);
  }
  await requireUnseen(run, openings);
}

/**
 * Checks h and i of every other party, and before them that its proofs are for what all opened.
 *
 * @throws {ProtocolAbort} With everyone who fails.
 */
export async function requireProofs(
  run: PrepareRun,
  openings: OfAll<OpenBody>,
  proofs: readonly { readonly all: ProveBody; readonly each: ProveEachBody }[],
): Promise<void> {
  const { compute, name: set, facts, party } = run;
  await requireAll(run, async (j) => {
    const { all, each } = proofs[j - 1] ?? {};
    if (all === undefined || each === undefined) return undefined;
    const [toAll, toOne] = proofsShown(run, j);
    const other = otherStatement(run, openings, all, each);
    if (other !== undefined) {
      const shown = other.isToAll ? toAll : toOne;
      const own = [...party.originals(['open-echo'], j), ...shown];
      const opened = party.originals(['open'], other.about);
      return faultOf('the statement is the one that was opened', own, opened);
    }
    const input = { set, place: placeOf(run, j), opened: of(openings, j) };
    const modulus = await compute.run(checkModulusJob, { ...input, shown: all });
    const opened = shownBy(run, j, ['open']);
    if (modulus !== undefined) return faultOf(modulus, [...opened, ...toAll]);
    const verifier = memberAt(facts, party.index);
    const factors = await compute.run(checkFactorsJob, { ...input, verifier, shown: each });
    return factors === undefined ? undefined : faultOf(factors, [...opened, ...toOne]);
  });
}

/** The party whose opening a proof names otherwise. */
function otherStatement(
  { party }: PrepareRun,
  openings: OfAll<OpenBody>,
  all: ProveBody,
  each: ProveEachBody,
): { readonly isToAll: boolean; readonly about: PartyIndex } | undefined {
  const parties = openings.map(({ from }) => from);
  const isOther = (rids: readonly Uint8Array[]) => (from: PartyIndex) =>
    !isRidOf(rids, from, of(openings, from));
  const inAll = parties.find(isOther(all.rids));
  if (inAll !== undefined) return { isToAll: true, about: inAll };
  const inEach = parties.find(isOther(each.rids));
  if (inEach !== undefined) return { isToAll: false, about: inEach };
  const isOwn = areBases(each, of(openings, party.index));
  return isOwn ? undefined : { isToAll: false, about: party.index };
}

/** Check e against earlier runs. Moduli are remembered before anything is made of them. */
async function requireUnseen(run: PrepareRun, openings: OfAll<OpenBody>): Promise<void> {
  const { party, facts, seen } = run;
  const opened = openings.flatMap(({ from, all }): SeenModulus[] => {
    const [message] = shownBy(run, from, ['open']);
    const { identityKey } = facts.members[from - 1] ?? {};
    if (message === undefined || identityKey === undefined) return [];
    return [all.N, all.Nh].map((modulus) => ({ hash: modulusHash(modulus), identityKey, message }));
  });
  const found = await seen.find(opened.map(({ hash }) => hash));
  await seen.add(opened);
  const earlier = found.filter(({ message }) => !equal(message.sessionId, party.sessionId));
  if (earlier.length === 0) return;
  // Only its own earlier message shows that a member used its primes again: anyone can date a message back.
  const reused = run.others.flatMap((j) => {
    const own = opened.filter(({ message }) => message.from === j);
    const before = earlier.find((each) =>
      own.some(({ hash, identityKey }) => {
        return equal(hash, each.hash) && equal(identityKey, each.identityKey);
      }),
    );
    const [now] = own;
    return before && now ? [{ culprit: j, evidence: [before.message, now.message] }] : [];
  });
  throw new ProtocolAbort(
    'A modulus was seen in an earlier run',
    reused.map(({ culprit }) => culprit),
    reused.flatMap(({ evidence }) => evidence),
  );
}

/** @throws {ProtocolAbort} With everyone of whom a check fails, and for each the messages that show it. */
async function requireAll(
  { others }: PrepareRun,
  check: (j: PartyIndex) => Promise<Fault | undefined>,
): Promise<void> {
  const checked = await Promise.all(
    others.map(async (culprit) => ({ culprit, fault: await check(culprit) })),
  );
  const faults = checked.flatMap(({ culprit, fault }) => (fault ? [{ culprit, ...fault }] : []));
  if (faults.length === 0) return;
  throw new ProtocolAbort(
    faults.map(({ culprit, check: failed }) => `Participant ${culprit}: ${failed}`).join('; '),
    faults.map(({ culprit }) => culprit),
    faults.flatMap(({ evidence }) => evidence),
    new Map(faults.map(({ culprit, beside }) => [culprit, beside])),
  );
}

function faultOf(
  check: string,
  evidence: readonly Envelope[],
  beside: readonly Envelope[] = [],
): Fault {
  return { check, evidence, beside };
}

function shownBy(
  { party }: PrepareRun,
  j: PartyIndex,
  rounds: readonly ('commit' | 'open' | 'parameters')[],
): readonly Envelope[] {
  return party.originals(rounds, j);
}

/** The proof of j to all, and the one to this party. */
function proofsShown(
  { party }: PrepareRun,
  j: PartyIndex,
): readonly [toAll: readonly Envelope[], toOne: readonly Envelope[]] {
  const shown = party.originals(['prove'], j);
  return [shown.filter(({ to }) => to === TO_ALL), shown.filter(({ to }) => to !== TO_ALL)];
}
