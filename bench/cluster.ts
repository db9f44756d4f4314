/**
 * Runs `quorate bench` in turn for several ways to run a cluster, round after round, so that what the machine does besides
 * hits all of them alike: `npm run bench:cluster [-- --rounds 3 --duration 8s --workers 0,1,2 --vs <main.js>] [--json]`.
 * Prints the median of the rounds for each, and the median of the ratios to the first, taken round by round.
 *
 * With `--operation retire,require,generate,cold,pooled` it runs these instead, with `--nodes 10 --threshold 7` for keys of ten
 * nodes and `--gg20-profile P2048` for ECDSA keys: see `operations.ts`.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OPERATIONS, runOperations } from './operations.js';
import type { OperationName } from './operations.js';

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

type Row = { readonly operation: string; readonly [figure: string]: unknown };
type Way = { readonly name: string; readonly main: string; readonly flags: readonly string[] };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    duration: { type: 'string', default: '8s' },
    concurrency: { type: 'string', default: '32' },
    workers: { type: 'string', default: '1,0' },
    vs: { type: 'string' },
    operation: { type: 'string' },
    nodes: { type: 'string', default: '3' },
    threshold: { type: 'string', default: '2' },
    'gg20-profile': { type: 'string', default: 'P3072' },
    json: { type: 'boolean', default: false },
  },
});

const operations = values.operation?.split(',').map((name): OperationName => {
  if (!Object.hasOwn(OPERATIONS, name)) throw new Error(`There is no operation ${name}`);
  return name as OperationName;
});

const ways: readonly Way[] = [
  ...(operations === undefined
    ? values.workers.split(',').map((workers) => ({
        name: `${workers} workers`,
        main: MAIN,
        flags: ['--workers', workers],
      }))
    : [{ name: 'this build', main: MAIN, flags: [] }]),
  ...(values.vs === undefined ? [] : [{ name: values.vs, main: values.vs, flags: [] }]),
];

const FIGURES = [
  'p50_ms',
  'p99_ms',
  'per_second',
  'event_loop_delay_p99_ms',
  'node_cpu_ms_per_call',
  'messages_per_call',
  'frames_per_call',
  'frame_bytes_per_call',
  'synced_writes_per_call',
  'client_cpu_ms_per_call',
];

async function run({ main, flags }: Way): Promise<readonly Row[]> {
  if (operations !== undefined) {
    return runOperations(main, operations, {
      nodes: Number(values.nodes),
      threshold: Number(values.threshold),
      inFlight: Number(values.concurrency),
      profile: values['gg20-profile'] === 'P2048' ? 'P2048' : 'P3072',
      until: { durationMs: 1000 * Number.parseFloat(values.duration) },
    });
  }
  const common = ['--json', '--duration', values.duration, '--concurrency', values.concurrency];
  const output = execFileSync(process.execPath, [main, 'bench', ...common, ...flags], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (JSON.parse(output) as { results: Row[] }).results;
}

function median(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

const rounds: (readonly (readonly Row[])[])[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const ran: (readonly Row[])[] = [];
  for (const way of ways) ran.push(await run(way));
  rounds.push(ran);
}

const results = ways.map(({ name }, way) => {
  const measured = (rounds[0]?.[0] ?? []).map(({ operation }, at) => {
    const shown = FIGURES.filter((figure) => rounds[0]?.[0]?.[at]?.[figure] !== undefined);
    const figures = shown.map((figure) => {
      const of = (ran: readonly (readonly Row[])[], which: number): number =>
        Number(ran[which]?.[at]?.[figure] ?? Number.NaN);
      const own = rounds.map((ran) => of(ran, way)).filter((value) => !Number.isNaN(value));
      const ratios = rounds.map((ran) => of(ran, way) / of(ran, 0));
      return [figure, { median: median(own), ratio: median(ratios.filter(Number.isFinite)) }];
    });
    return { operation, ...(Object.fromEntries(figures) as object) };
  });
  return { name, operations: measured };
});

const machine = { cores: cpus().length, model: cpus()[0]?.model, node: process.version };
if (values.json) {
  process.stdout.write(`${JSON.stringify({ machine, rounds: rounds.length, results })}\n`);
} else {
  const { cores, model, node } = machine;
  process.stdout.write(`${cores} cores of ${model}, Node ${node}, ${rounds.length} rounds\n`);
  for (const { name, operations: measured } of results) {
    process.stdout.write(`\n${name}\n`);
    for (const { operation, ...figures } of measured) {
      const shown = Object.entries(figures).map(([figure, value]) => {
        const { median: middle, ratio } = value as { median: number | null; ratio: number | null };
        return `${figure} ${middle?.toFixed(1) ?? '-'} (x${ratio?.toFixed(2) ?? '-'})`;
      });
      process.stdout.write(`  ${operation.padEnd(30)} ${shown.join('  ')}\n`);
    }
  }
}
