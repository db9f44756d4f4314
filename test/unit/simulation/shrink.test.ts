import { expect, test } from '@jest/globals';

import { AS_DRAWN } from '../../simulation/chances.js';
import { noCounts } from '../../simulation/counts.js';
import { drawFaultRates, type FaultRates } from '../../simulation/fault-rates.js';
import { raftAlone } from '../../simulation/raft-alone.js';
import { Rng } from '../../simulation/rng.js';
import { reduced } from '../../simulation/shrink/calmings.js';
import { minimise } from '../../simulation/shrink/minimise.js';
import { formatScript, parseScript } from '../../simulation/shrink/script.js';
import { replay, shrink, type RunWith } from '../../simulation/shrink/shrink.js';
import { Tape, TapedChances } from '../../simulation/shrink/tape.js';
import { simulate } from '../../simulation/simulation.js';
import { Trace } from '../../simulation/trace.js';

test('delta debugging takes away all that a failure does not need, and nothing else', async () => {
  let runs = 0;
  const needed = [3, 4, 77];
  const without = async (left: readonly number[]): Promise<readonly number[] | undefined> => {
    runs++;
    return needed.every((each) => left.includes(each)) ? left : undefined;
  };
  const items = Array.from({ length: 100 }, (_, at) => at);
  expect(await minimise(items, without)).toEqual(needed);
  expect(runs).toBeLessThan(100);
  expect(await minimise([], without)).toEqual([]);
  expect(await minimise([1], async (left) => left)).toEqual([]);
});

test('delta debugging does not try again to do without an item that went with others', async () => {
  const tried: number[] = [];
  const left = await minimise([1, 2, 3, 4], async (some) => {
    tried.push(some.length);
    return some.length > 2 ? some.slice(0, 2) : undefined;
  });
  expect(left).toHaveLength(2);
  expect(Math.max(...tried)).toBeLessThanOrEqual(3);
});

test('a run that is played from a tape draws what was drawn for the same chance, whatever is left out', () => {
  const tape = new Tape();
  const recording = new TapedChances(tape);
  const written = recording.rng(5, 'network');
  const plain = new Rng(5, 'network');
  expect([written.u32(), written.u32()]).toEqual([plain.u32(), plain.u32()]);
  written.at('a', 'b');
  written.u32();
  written.at('b');
  const ofB = written.u32();
  written.at('a', 'b');
  const second = written.u32();
  expect(recording.lets('loss', written, 7, 'append')).toBe(true);
  const id = 'loss@network/a>b/2';
  expect(recording.happened).toEqual([{ id, atMs: 7, what: 'loss', detail: 'append' }]);

  const played = new TapedChances(tape, new Set([id])).rng(5, 'network');
  played.at('b');
  expect(played.u32()).toBe(ofB);
  played.at('a', 'b');
  played.at('a', 'b');
  expect(played.u32()).toBe(second);
  const more = played.u32();
  const again = new TapedChances(tape, new Set()).rng(5, 'network');
  again.at('a', 'b');
  again.at('a', 'b');
  expect([again.u32(), again.u32()]).toEqual([second, more]);
});

test('of a tape only that happens which is kept', () => {
  const tape = new Tape();
  const rng = new TapedChances(tape).rng(5, 'faults');
  const chances = new TapedChances(tape, new Set(['slow-write@faults/start/1']));
  expect(chances.lets('crash', rng, 1, '')).toBe(false);
  expect(chances.lets('slow write', rng, 2, '')).toBe(true);
  expect(chances.happened.map(({ what }) => what)).toEqual(['slow write']);
});

test('a script is read as it was written, and refused where a line is none', () => {
  const script = {
    options: ['--profile', 'elections', '--raft-only'],
    seed: 18,
    nodes: 3,
    faultsMs: undefined,
    calm: ['jitter', 'clocks'] as const,
    kept: ['crash@faults/crash/3', 'loss@network/node-1>node-2/17'],
  };
  const of = new Map([['crash@faults/crash/3', '12.000 ms node-2']]);
  const text = formatScript(script, { head: ['ElectionSafety at 20 ms'], of });
  expect(text.split('\n')[0]).toBe('# ElectionSafety at 20 ms');
  expect(parseScript(text)).toEqual(script);
  expect(() => parseScript(`${text}crash node-2\n`)).toThrow('not a line of a script');
  expect(() => parseScript(`${text}without rain\n`)).toThrow('not a line of a script');
  expect(() => parseScript('seed x\n')).toThrow('not a number');
  expect(() => parseScript('options\n')).toThrow('no seed');
});

test('a reduction takes away noise, lies and nodes', () => {
  const rates = drawFaultRates(8, 'byzantine');
  const less = reduced(rates, { nodes: 2, faultsMs: 9, calm: ['jitter', 'clocks', 'false-votes'] });
  expect([less.nodes, less.faultsMs, less.network.jitter]).toEqual([2, 9, 1]);
  expect([less.clock.offsetMs, less.clock.drift, less.lies.votes]).toEqual([0, 0, 0]);
  expect(reduced(rates, { calm: [] })).toEqual(rates);
});

const CHANCES = 200;

/** A run without a cluster: faults by the dozen, and what they come to is judged at the end. */
function runOf(isBroken: (happened: ReadonlySet<string>, rates: FaultRates) => boolean): RunWith {
  return async (seed, { altered = (rates) => rates, chances = AS_DRAWN }) => {
    const rates = altered(drawFaultRates(seed));
    const rng = chances.rng(seed, 'faults');
    const happened = new Set<string>();
    const trace = new Trace();
    for (let at = 0; at < CHANCES; at++) {
      const what = at % 3 === 0 ? 'loss' : 'crash';
      rng.at(what);
      const node = `node-${1 + rng.int(rates.nodes)}`;
      if (!rng.chance(0.5) || !chances.lets(what, rng, at, node)) continue;
      trace.event(at, node, what);
      happened.add(`${what} ${node}`);
    }
    const violations = isBroken(happened, rates)
      ? [{ seed, checker: 'Touchy', atMs: CHANCES, detail: [...happened].join(', ') }]
      : [];
    return { seed, counts: noCounts(), violations, coverage: {}, digest: trace.digest() };
  };
}

/** Of three nodes. */
const SEED = 6;
const needs = (happened: ReadonlySet<string>): boolean =>
  happened.has('crash node-2') && happened.has('loss node-1');

test('a seed is cut down to the faults that it fails by, and its script replays that', async () => {
  const run = runOf(needs);
  const shrunk = await shrink(SEED, ['--raft-only'], run);
  expect(shrunk?.violation.checker).toBe('Touchy');
  expect(shrunk?.left).toBe(2);
  expect(shrunk?.happened).toBeGreaterThan(50);
  const script = parseScript(shrunk?.text ?? '');
  expect(script).toEqual(shrunk?.script);
  expect(script.nodes).toBe(2);
  const [first, second] = [await replay(script, run), await replay(script, run)];
  expect(first.violations.map(({ checker }) => checker)).toEqual(['Touchy']);
  expect(first.digest).toBe(second.digest);
  expect(
    (
      await replay(
        script,
        runOf(() => false),
      )
    ).violations,
  ).toEqual([]);
});

function isNoisy(_: ReadonlySet<string>, { network, nodes }: FaultRates): boolean {
  return network.jitter > 1 && nodes >= 3;
}

test('a seed whose noise matters keeps its noise', async () => {
  const { script } = (await shrink(SEED, [], runOf(isNoisy))) ?? {};
  expect(script?.kept).toEqual([]);
  expect(script?.calm).not.toContain('jitter');
  expect(script?.calm).toContain('clocks');
});

test('a seed is cut down no longer than it may take, and not at all where it breaks nothing', async () => {
  const shrunk = await shrink(SEED, [], runOf(needs), 3);
  expect(shrunk?.runs).toBe(3);
  expect(
    await shrink(
      SEED,
      [],
      runOf(() => false),
    ),
  ).toBeUndefined();
});

function short(rates: FaultRates): FaultRates {
  return { ...rates, faultsMs: 1_500 };
}

test('a run that is written on a tape is the run of its seed, and so is one in which all of it is kept', async () => {
  const plain = await simulate(SEED, raftAlone, { altered: short });
  const tape = new Tape();
  const recording = new TapedChances(tape);
  const written = await simulate(SEED, raftAlone, { altered: short, chances: recording });
  const chances = new TapedChances(tape, new Set(recording.happened.map(({ id }) => id)));
  const played = await simulate(SEED, raftAlone, { altered: short, chances });
  expect(recording.happened.length).toBeGreaterThan(20);
  expect(written).toEqual(plain);
  expect(played).toEqual(plain);
  expect(chances.happened).toEqual(recording.happened);
});
