import type { FaultRates } from '../fault-rates.js';
import type { Result, RunOptions, Violation } from '../simulation.js';
import { calmingsFor, reduced, type Reduction } from './calmings.js';
import { minimise } from './minimise.js';
import { formatScript, type Script } from './script.js';
import { Tape, TapedChances, type Happening } from './tape.js';

/** Runs a seed of the simulator with the options that it was given, and these besides. */
export type RunWith = (
  seed: number,
  more: Pick<RunOptions, 'chances' | 'untilMs' | 'altered' | 'print'>,
) => Promise<Result>;

/** A run that is cut down longer than this is told as far as it is. */
export const RUNS_MAX = 500;
/** A run that has not failed so long after the last one did counts as good. */
const MARGIN_MS = 3_000;
/** Of a cluster. */
const NODES_MIN = 2;

type Attempt = Reduction & { readonly kept: readonly Happening[] };
/** An attempt that failed as the seed does: what happened in it, and by when it had failed. */
type Failure = Attempt & { readonly violation: Violation };

/** A seed's failure, cut down. */
export type Shrunk = {
  readonly script: Script;
  readonly text: string;
  readonly violation: Violation;
  /** What is left of what happened, and how much that was. */
  readonly left: number;
  readonly happened: number;
  readonly runs: number;
};

/**
 * Cuts a failing seed down: to fewer nodes, a shorter run, no noise, whole kinds of faults less, and then fault by fault and request by
 * request. Whatever is left out, the run fails by the same invariant. Gives `undefined` for a seed that does not fail.
 */
export async function shrink(
  seed: number,
  options: readonly string[],
  run: RunWith,
  runsMax = RUNS_MAX,
): Promise<Shrunk | undefined> {
  const tape = new Tape();
  const recording = new TapedChances(tape);
  let rates: FaultRates | undefined;
  const altered = (drawn: FaultRates): FaultRates => (rates = drawn);
  const [first] = (await run(seed, { chances: recording, altered })).violations;
  if (first === undefined || rates === undefined) return undefined;
  let best: Failure = { calm: [], kept: unique(recording.happened), violation: first };
  const { length: happened } = best.kept;
  let runs = 0;

  /** Takes the attempt if it fails as the seed does. */
  const take = async (change: Partial<Attempt>): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs++;
    const attempt: Attempt = { ...best, ...change };
    const chances = new TapedChances(tape, new Set(attempt.kept.map(({ id }) => id)));
    const untilMs = best.violation.atMs + MARGIN_MS;
    const result = await run(seed, { chances, untilMs, altered: (all) => reduced(all, attempt) });
    const [violation] = result.violations;
    if (violation?.checker !== first.checker) return false;
    best = { ...attempt, kept: unique(chances.happened), violation };
    return true;
  };

  const { nodes, faultsMs, liar } = rates;
  const calmings = calmingsFor(rates);
  const fewest = liar === undefined ? NODES_MIN : nodes;
  const halve = async (): Promise<void> => {
    let halfMs = Math.ceil(faultsMs / 2);
    while (best.violation.atMs > halfMs && (await take({ faultsMs: halfMs }))) {
      halfMs = Math.ceil(halfMs / 2);
    }
  };
  const part = async (): Promise<void> => {
    let fewer = (best.nodes ?? nodes) - 1;
    while (fewer >= fewest && (await take({ nodes: fewer }))) fewer--;
    for (const name of calmings) {
      if (!best.calm.includes(name)) await take({ calm: [...best.calm, name] });
    }
    for (const what of new Set(best.kept.map((each) => each.what))) {
      await take({ kept: best.kept.filter((each) => each.what !== what) });
    }
    await minimise(best.kept, async (kept) => ((await take({ kept })) ? best.kept : undefined));
  };
  await halve();
  for (let before: Failure | undefined; before !== best;) {
    before = best;
    await part();
  }
  return told(best, { seed, options, happened, runs });
}

function told(
  best: Failure,
  {
    seed,
    options,
    happened,
    runs,
  }: Pick<Shrunk, 'happened' | 'runs'> & Pick<Script, 'seed' | 'options'>,
): Shrunk {
  const { nodes, faultsMs, calm, kept, violation } = best;
  const script = { options, seed, nodes, faultsMs, calm, kept: kept.map(({ id }) => id) };
  const count = `${kept.length} of ${happened} faults and requests are left, after ${runs} runs`;
  const head = [
    `${violation.checker} at ${violation.atMs} ms: ${violation.detail.split('\n')[0]}`,
    `${count}; npm run simulate -- --replay FILE --trace shows it event for event`,
  ];
  const of = new Map(
    kept.map(({ id, atMs, detail }) => [id, `${atMs.toFixed(3)} ms ${detail}`.trimEnd()]),
  );
  const text = formatScript(script, { head, of });
  return { script, text, violation, left: kept.length, happened, runs };
}

/** A message can be late twice by one chance, its repetition too. */
function unique(happened: readonly Happening[]): readonly Happening[] {
  return [...new Map(happened.map((each) => [each.id, each])).values()];
}

/** Runs a script: first its seed as it is, for what was drawn in it, then what the script has of that. */
export async function replay(
  script: Script,
  run: RunWith,
  print?: (line: string) => void,
): Promise<Result> {
  const tape = new Tape();
  await run(script.seed, { chances: new TapedChances(tape) });
  const chances = new TapedChances(tape, new Set(script.kept));
  return run(script.seed, { chances, print, altered: (rates) => reduced(rates, script) });
}
