import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLmdbConsensusStore } from '../../../src/store/index.js';
import { toHex } from '../../../src/common/index.js';
import { auditLogOf } from '../../support/builders/audit-log.js';
import { temporaryDirectory } from '../../support/builders/stores.js';
import { quorate } from './fake-context.js';

const { files, ends } = auditLogOf(6, 3);
const [end = { line: 0, hash: new Uint8Array(32) }] = ends.slice(-1);
const [first = '', second = ''] = files.keys();
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  folder = await temporaryDirectory();
  mkdirSync(join(folder.path, 'data', 'audit'), { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(folder.path, 'data', 'audit', name), bytes);
  writeFileSync(join(folder.path, 'node.yaml'), 'node_id: node-1\ndata_dir: data\n');
});
afterEach(() => folder.remove());

const config = () => ['--config', join(folder.path, 'node.yaml')];
const audit = (...argv: string[]) => quorate(['audit', ...argv], { folder: folder.path });
const inDir = (command: string, ...more: string[]) =>
  audit(command, '--dir', join('data', 'audit'), ...more);

function change(name: string, edit: (text: string) => string): void {
  const text = new TextDecoder().decode(files.get(name));
  writeFileSync(join(folder.path, 'data', 'audit', name), edit(text));
}

/** The node's store knows this line as the last. */
async function knows(line: number): Promise<void> {
  const store = await openLmdbConsensusStore(join(folder.path, 'data', 'log'));
  const hash = ends[line]?.hash ?? end.hash;
  const audited = { index: 9, line, hash };
  await store.persist({ entries: [], writes: [], applied: 9, audit: audited });
  await store.close();
}

test('audit verify says that a chain holds, its end, and that no store was there to ask', async () => {
  const { status, out, err } = await inDir('verify');
  expect(status).toBe(0);
  expect(out).toBe(`The chain holds: lines 1 to 6, files: 2\nend: 6:${toHex(end.hash)}`);
  expect(err).toContain('Whether lines are missing at the end cannot be told');
});

test('audit verify ends with 8 for a changed line, and says where', async () => {
  change(second, (text) => text.replace('task-5', 'task-6'));
  const { status, out } = await inDir('verify');
  expect(status).toBe(8);
  expect(out).toContain(`${second}, line 3 of the file: this line is not what was written here`);
});

test('audit verify finds a cut at the end by what the node’s store knows', async () => {
  await knows(6);
  const whole = await audit('verify', ...config());
  expect(whole).toMatchObject({ status: 0 });
  expect(whole.err).toContain('The end was held against line 6');

  change(second, (text) => text.split('\n').slice(0, 2).join('\n') + '\n');
  const cut = await audit('verify', ...config(), '--json');
  expect(cut.status).toBe(8);
  expect(JSON.parse(cut.out)).toMatchObject({
    holds: false,
    end_known: true,
    faults: [{ fault: 'cut', missing_from: 5, missing_to: 6 }],
  });
  expect((await inDir('verify')).status).toBe(0);
  expect((await inDir('verify', '--end', `6:${toHex(end.hash)}`)).status).toBe(8);
});

test('audit verify reads the store beside a process that has it open', async () => {
  await knows(4);
  const store = await openLmdbConsensusStore(join(folder.path, 'data', 'log'));
  try {
    const { status, err } = await audit('verify', ...config());
    expect(err).toContain('The end was held against line 4');
    expect(status).toBe(0);
  } finally {
    await store.close();
  }
});

test('audit verify says so where the store knows no end, or is not there', async () => {
  const { status, err } = await audit('verify', ...config());
  expect(status).toBe(0);
  expect(err).toContain('cannot be told');
});

test('audit list filters, prints the newest that fit, and tells of older ones', async () => {
  const { out, err } = await inDir('list', '--event', 'outcome', '--limit', '2');
  expect(out.split('\n')).toHaveLength(2);
  expect(out).toContain('task=task-6');
  expect(out).not.toContain('hash=');
  expect(err).toContain('4 older lines fit too');

  const one = await inDir('list', '--task', 'task-2', '--json');
  expect(JSON.parse(one.out)).toMatchObject({
    holds: true,
    more: false,
    lines: [{ line: 2, index: 2, event: 'outcome', task: 'task-2' }],
  });
  expect(await inDir('list', '--key-id', 'none')).toMatchObject({ out: '', err: 'No line fits' });
});

test('audit list takes times, and says that a chain does not hold', async () => {
  const at = new Date(1_700_000_000_004).toISOString();
  const since = await inDir('list', '--since', at, '--json');
  expect(JSON.parse(since.out).lines.map(({ line }: { line: number }) => line)).toEqual([4, 5, 6]);
  const until = await inDir('list', '--until', at, '--json');
  expect(JSON.parse(until.out).lines).toHaveLength(3);

  change(first, (text) => text.replace('task-2', 'task-0'));
  const bad = await inDir('list');
  expect(bad.err).toContain('The chain does not hold: see `quorate audit verify`');
});

test.each([
  [['list', '--dir', 'nowhere'], 3, 'There is no audit log in'],
  [['list', '--dir', '.'], 3, 'There is no file of an audit log in'],
  [['verify', '--dir', '.', '--end', '7'], 2, '--end must be line:hash'],
  [['list', '--dir', '.', '--limit', '0'], 2, '--limit must be from 1'],
  [['list', '--dir', '.', '--since', 'soon'], 2, '--since must be a time'],
  [['list', '--dir', '.', '--event', 'other'], 2, 'Allowed choices are'],
])('audit %j is refused with words that say what to do', async (argv, status, words) => {
  const ran = await audit(...argv);
  expect(ran.status).toBe(status);
  expect(ran.err).toContain(words);
});
