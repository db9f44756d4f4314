import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findPython } from '../support/wire/python.js';
import type { Answer, Call, Case, Expected, Transport } from './case.js';
import { ELSEWHERE } from './elsewhere.js';
import { OverGrpcJs } from './over-grpc-js.js';
import { OverHttp2 } from './over-http2.js';
import { OverPython } from './over-python.js';
import { signedMetadata, Sites } from './site.js';
import type { Site } from './site.js';
import { ROWS } from './table.js';
import type { Place, Row } from './table.js';

/* The table of bad inputs, sent row by row over every transport that can say it. */

const python = findPython();
const sites = new Sites();
const transports: Transport[] = [];
beforeAll(() => {
  transports.push(new OverGrpcJs(), new OverHttp2());
  if (python !== undefined) transports.push(new OverPython(python));
});
afterAll(async () => {
  for (const transport of transports) await transport.close();
  await sites[Symbol.asyncDispose]();
});

/** What no client may learn: files, stacks, types of errors, what a mistake said. */
const INTERNAL_TEXT =
  /node_modules|\/(src|dist|tmp|home|usr)\/|\.[cm]?[jt]s:\d|\bat .+\(|Error:|ENO|canary|undefined|\[object|BEGIN /;

const MINUTE_MS = 60_000;

// A minority is made of the cluster when everything else has been asked of it.
const inOrder = ROWS.toSorted((a, b) => Number(isLast(a)) - Number(isLast(b)));

test.each(inOrder.map((row) => [`${row.number}: ${row.name}`, row] as const))(
  'bad input %s gets its exact answer and no effect',
  async (_, row) => {
    for (const place of row.places) {
      const site = await sites.at(place);
      for (const transport of transports) {
        if (transport.cannot(row.call('')) !== undefined) continue;
        const where = `${place} over ${transport.name}`;
        const seen = await outcomeOf(row, site, transport);
        expect({ [where]: seen }).toEqual({
          [where]: expect.objectContaining(demandsOf(row.expected, place)),
        });
      }
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
  MINUTE_MS,
);

test('each row has a name of its own, and some transport can send it', () => {
  const names = ROWS.map(({ number, name }) => `${number}: ${name}`);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  const mute = ROWS.filter((row) =>
    transports.every((each) => each.cannot(row.call('')) !== undefined),
  );
  expect(mute).toEqual([]);
});

test('each case that a transport leaves out has a reason', () => {
  const omitted = ROWS.flatMap((row) =>
    transports.flatMap((each) => {
      const why = each.cannot(row.call(''));
      return why === undefined ? [] : [`${each.name}, ${row.number}: ${row.name}: ${why}`];
    }),
  );
  expect(omitted.filter((line) => line.startsWith('HTTP/2,'))).toEqual([]);
  expect(
    omitted
      .map((line) => line.replace(/^[^,]+, (\d+): .*$/, '$1'))
      .filter((number) => !UNSAID.has(number)),
  ).toEqual([]);
});

/** Rows of which some are about what a library does not send. */
const UNSAID = new Set(['7', '32', '33', '34', '43', '44', '45', '46']);

test.each(ELSEWHERE)('bad input %i is held by the test %s', (_, name, file) => {
  const path = fileURLToPath(new URL(`../../../${file}`, import.meta.url));
  expect(readFileSync(path, 'utf8')).toContain(name);
});

test('every number of the list of bad inputs is in the table or elsewhere, except those of later rooms', () => {
  const held = new Set([
    ...ROWS.map(({ number }) => number),
    ...ELSEWHERE.map(([number]) => number),
  ]);
  const later = new Set([10, 12, 23, 28, 35, 40, 49, 54, 58, 59]);
  const missing = Array.from({ length: 60 }, (__, at) => at + 1).filter(
    (number) => !held.has(number) && !later.has(number),
  );
  expect(missing).toEqual([]);
});

test('docs/errors.md gives for every number what its rows expect', () => {
  const page = readFileSync(
    fileURLToPath(new URL('../../../docs/errors.md', import.meta.url)),
    'utf8',
  );
  const said = [...page.matchAll(/^- (\d+) \(([A-Z_0-9 ,]+)\): /gm)].map(
    ([, number, codes]) => `${number}: ${codes}`,
  );
  const numbers = new Set(ROWS.map(({ number }) => number).filter((number) => number > 0));
  const sent = [...numbers]
    .toSorted((a, b) => a - b)
    .map((number) => {
      const codes = ROWS.filter((row) => row.number === number).map(({ expected }) =>
        expected.code === undefined ? `HTTP ${expected.http}` : status[expected.code],
      );
      return `${number}: ${[...new Set(codes)].toSorted().join(', ')}`;
    });
  expect(said).toEqual(sent);
});

const withPython = python === undefined ? test.skip : test;
withPython('Python’s gRPC is here, and took part', () => {
  if (!transports.some(({ name }) => name === 'Python')) throw new Error('It did not');
});

type Outcome = {
  readonly code: status | undefined;
  readonly http: number | undefined;
  readonly reason: string | undefined;
  readonly field: string | undefined;
  readonly retry: boolean;
  readonly serverTime: boolean;
  readonly sameAsFirst: boolean;
  readonly leaked: string | undefined;
  readonly entered: number;
  readonly tasks: number;
  readonly lineCount: number;
};

let runs = 0;

async function outcomeOf(row: Row, site: Site, transport: Transport): Promise<Outcome> {
  const run = `run-${++runs}`;
  const made = row.call(run);
  const before = await site.observe(made.path);
  const first = row.first && (await transport.call(await ready(site, row.first(run))));
  if (first !== undefined && first.code !== status.OK)
    throw new Error(`The first call over ${transport.name} failed: ${first.message}`);
  const answer = await transport.call(await ready(site, made));
  const after = await settled(site, row, before.lines.length);
  return {
    // A gRPC library makes UNKNOWN of an answer that is none of gRPC; no node says it.
    code: answer.http === undefined || answer.http === 200 ? answer.code : undefined,
    http: answer.http === 200 ? undefined : answer.http,
    reason: answer.reason,
    field: answer.field,
    retry: answer.retryMs !== undefined && answer.retryMs > 0,
    serverTime: Math.abs(Number(answer.facts['time_ms'] ?? NaN) - Date.now()) < MINUTE_MS,
    sameAsFirst: first?.response !== undefined && isSame(first.response, answer.response),
    leaked: isOurs(answer) ? INTERNAL_TEXT.exec(textOf(answer))?.[0] : undefined,
    entered: after.entered - before.entered,
    tasks: after.tasks - before.tasks,
    lineCount: after.lines.length - before.lines.length,
  };
}

/** A line about a call that was cut is written when its stream is closed, which its client does not wait for. */
async function settled(site: Site, row: Row, lineCount: number) {
  const end = Date.now() + 1_000;
  for (;;) {
    const now = await site.observe(row.call('').path);
    if (row.expected.logged === false || now.lines.length > lineCount || Date.now() > end)
      return now;
    if (row.expected.logged === 'perhaps' || now.tasks > 0) return now;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function ready(site: Site, { as = 'app', signed, ...made }: Case): Promise<Call> {
  const shown = await site.shownBy(as);
  const signature = signedMetadata(site, { ...made, ...(signed && { signed }) }, shown);
  return {
    ...made,
    ...shown,
    address: site.address,
    metadata: [...(made.metadata ?? []), ...signature],
  };
}

/** What must be true of the outcome at that place. */
function demandsOf(expected: Expected, place: Place): object {
  const { code, http, reason, field, retry, serverTime, sameAsFirst } = expected;
  return {
    code,
    http,
    leaked: undefined,
    entered: expected.enters === true && place !== 'cluster' ? 1 : 0,
    tasks: expected.tasks ?? 0,
    ...linesAt(expected, place),
    ...(reason !== undefined && { reason }),
    ...(field !== undefined && { field }),
    ...(retry !== undefined && { retry }),
    ...(serverTime !== undefined && { serverTime }),
    ...(sameAsFirst !== undefined && { sameAsFirst }),
  };
}

/** Log lines are read at ports only. */
function linesAt({ logged = true }: Expected, place: Place): { lineCount?: number } {
  const isPort = place === 'port' || place === 'no pace' || place === 'mistake';
  return logged === 'perhaps' || !isPort ? {} : { lineCount: logged ? 1 : 0 };
}

function isLast(row: Row): boolean {
  return row.places.includes('minority');
}

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.from(one).equals(other);
}

/** Whether a node said it: without a connection, libraries tell their users what their own sockets told them. */
function isOurs({ code, reason }: Answer): boolean {
  return code !== status.UNAVAILABLE || reason !== undefined;
}

/** Everything readable that came back. */
function textOf({ message, trailers }: Answer): string {
  const values = Object.values(trailers.getMap()).map((value) =>
    Buffer.from(value).toString('latin1'),
  );
  return [message, ...values].join('\n');
}
