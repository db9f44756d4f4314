/**
 * Shows where the time of one signature goes: `npm run bench:timeline [-- --count 200 --pause 50 --entry follower] [--json]`.
 * Three nodes as processes, one call at a time to one node, which leads or not. Prints the median time of each step since
 * the client's call, and every frame between the nodes: when it leaves, what it carries, how often for one signature.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDevCluster, nodesOf } from '../src/cli/dev/create.js';
import { LocalCluster } from '../src/cli/dev/local-cluster.js';
import { quantile } from '../src/cli/format/bench.js';
import { measure } from '../src/cli/measure.js';
import { GENERATE_MS, openClient, SIGN_MS, waitForLeader } from '../src/cli/open-client.js';
import { MARKS_FOLDER, nowMs } from './mark.js';
import type { Mark } from './mark.js';

const KEY = 'timeline';
const WARM_UP = 200;
/** A step that fewer of the signatures have than this is left out: it belongs to something else. */
const SHARE_MIN = 0.2;
const BAR_COLUMNS = 48;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200' },
    pause: { type: 'string', default: '50' },
    entry: { type: 'string', default: 'follower' },
    json: { type: 'boolean', default: false },
  },
});

/** One call of the client: when it began, and when its answer was there. */
type Call = { readonly beganMs: number; readonly endedMs: number };

type Step = {
  readonly who: string;
  readonly what: string;
  /** For one signature. */
  readonly times: number;
  /** Since the client's call. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly bytes?: number;
};

async function signAlone(
  cluster: LocalCluster,
): Promise<{ readonly calls: readonly Call[]; readonly roles: ReadonlyMap<string, string> }> {
  const { connection } = cluster;
  const nodes = Object.keys(cluster.pids);
  const first = openClient(connection);
  await waitForLeader(first, AbortSignal.timeout(GENERATE_MS));
  await first.generateKey({ keyId: KEY }, { timeoutMs: GENERATE_MS });
  const { leaderId: leader } = await first.getCluster();
  first.close();
  const entry = nodes.findIndex((node) => (node === leader) === (values.entry === 'leader'));
  const { endpoints } = connection;
  const client = openClient({ ...connection, endpoints: endpoints.slice(entry, entry + 1) });
  try {
    const sign = (): Promise<unknown> =>
      client.sign({ keyId: KEY, message: randomBytes(32) }, { timeoutMs: SIGN_MS });
    await measure('warm-up', 4, { count: WARM_UP }, sign);
    const calls: Call[] = [];
    for (let number = 0; number < Number(values.count); number++) {
      await new Promise((goOn) => setTimeout(goOn, Number(values.pause)));
      const beganMs = nowMs();
      await sign();
      calls.push({ beganMs, endedMs: nowMs() });
    }
    await new Promise((goOn) => setTimeout(goOn, Number(values.pause)));
    return { calls, roles: rolesOf(nodes, leader, nodes[entry]) };
  } finally {
    client.close();
  }
}

/** What each node is in a timeline. */
function rolesOf(
  nodes: readonly string[],
  leader: string,
  entry: string | undefined,
): ReadonlyMap<string, string> {
  const others = nodes.filter((node) => node !== leader && node !== entry);
  return new Map([
    [leader, 'leader'],
    ...others.map((node, at) => [node, at === 0 ? 'other' : `other ${at + 1}`] as const),
    ...(entry === undefined ? [] : [[entry, entry === leader ? 'leader' : 'entry'] as const]),
  ]);
}

/** Sorts marks to the calls that they follow, and names who and what. */
function stepsOf(
  calls: readonly Call[],
  marks: readonly Mark[],
  roles: ReadonlyMap<string, string>,
): readonly Step[] {
  const found = new Map<string, { who: string; what: string; ms: number[]; bytes: number }>();
  const add = (who: string, what: string, ms: number, bytes = 0): void => {
    const step = found.get(`${who}\0${what}`) ?? { who, what, ms: [], bytes: 0 };
    step.ms.push(ms);
    step.bytes += bytes;
    found.set(`${who}\0${what}`, step);
  };
  const sorted = marks.toSorted((a, b) => a.atMs - b.atMs);
  let at = 0;
  for (const [number, { beganMs, endedMs }] of calls.entries()) {
    add('client', 'calls', 0);
    add('client', 'answer verified', endedMs - beganMs);
    const nextMs = calls[number + 1]?.beganMs ?? endedMs + Number(values.pause);
    while ((sorted[at]?.atMs ?? Infinity) < beganMs) at += 1;
    const seen = new Map<string, number>();
    for (let mark = sorted[at]; mark !== undefined && mark.atMs < nextMs; mark = sorted[++at]) {
      const { who, what } = named(mark, roles);
      const before = seen.get(`${who}\0${what}`) ?? 0;
      seen.set(`${who}\0${what}`, before + 1);
      add(who, before === 0 ? what : `${what} (${before + 1})`, mark.atMs - beganMs, mark.bytes);
    }
  }
  return [...found.values()]
    .map(({ who, what, ms, bytes }) => ({
      who,
      what,
      times: ms.length / calls.length,
      p50Ms: quantile(ms, 0.5) ?? 0,
      p95Ms: quantile(ms, 0.95) ?? 0,
      ...(bytes > 0 && { bytes: bytes / ms.length }),
    }))
    .toSorted((a, b) => a.p50Ms - b.p50Ms);
}

function named(
  { node, what, from, to, messages = [] }: Mark,
  roles: ReadonlyMap<string, string>,
): { readonly who: string; readonly what: string } {
  const role = (id: string): string => roles.get(id) ?? id;
  if (to !== undefined) return { who: `${role(node)} → ${role(to)}`, what: messages.join(' + ') };
  return { who: role(node), what: from === undefined ? what : `${what}, from ${role(from)}` };
}

function shown(steps: readonly Step[], endMs: number): readonly string[] {
  const common = steps.filter(({ times }) => times >= SHARE_MIN);
  const isFrame = ({ who }: Step): boolean => who.includes('→');
  const line = ({ who, what, times, p50Ms, p95Ms, bytes }: Step): string => {
    const column = Math.min(BAR_COLUMNS - 1, Math.floor((BAR_COLUMNS * p50Ms) / endMs));
    const bar = `${' '.repeat(column)}|`.padEnd(BAR_COLUMNS);
    const figures = `${p50Ms.toFixed(1).padStart(6)} ${p95Ms.toFixed(1).padStart(6)}`;
    const often = times === 1 ? '     ' : `×${times.toFixed(2)}`;
    const size = bytes === undefined ? '' : `  ${bytes.toFixed(0)} bytes`;
    return `${figures}  ${bar} ${who.padEnd(15)} ${often} ${what}${size}`;
  };
  const inTime = common.filter((step) => !isFrame(step) && step.p50Ms <= endMs);
  const after = common.filter((step) => !isFrame(step) && step.p50Ms > endMs);
  const frames = steps.filter(isFrame).filter(({ times }) => times >= SHARE_MIN / 4);
  return [
    '   p50    p95  (ms since the call of the client)',
    ...inTime.map(line),
    '',
    'Behind the answer:',
    ...after.map(line),
    '',
    `Frames: ${steps
      .filter(isFrame)
      .reduce((sum, { times }) => sum + times, 0)
      .toFixed(1)} for one signature`,
    ...frames.map(line),
  ];
}

const parent = mkdtempSync(join(tmpdir(), 'quorate-timeline-'));
let cluster: LocalCluster | undefined;
try {
  const folder = join(parent, 'cluster');
  await createDevCluster(folder);
  process.env[MARKS_FOLDER] = parent;
  process.env['NODE_OPTIONS'] = `--import ${new URL('marks.js', import.meta.url).href}`;
  const nodes = nodesOf(folder);
  cluster = await LocalCluster.start(folder, nodes);
  const { calls, roles } = await signAlone(cluster);
  await cluster.stop();
  cluster = undefined;
  const marks = nodes.flatMap(
    (node) => JSON.parse(readFileSync(join(parent, `${node}.json`), 'utf8')) as Mark[],
  );
  const steps = stepsOf(calls, marks, roles);
  const tookMs = calls.map(({ beganMs, endedMs }) => endedMs - beganMs);
  if (values.json) process.stdout.write(`${JSON.stringify({ steps })}\n`);
  else process.stdout.write(`${shown(steps, quantile(tookMs, 0.5) ?? 1).join('\n')}\n`);
} finally {
  await cluster?.stop();
  rmSync(parent, { recursive: true, force: true });
}
