import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ALARM_LEVELS } from '../../src/alarms/index.js';

/** What the documents claim, held against the code: a page that goes stale fails here. */

/** Upper-case words of the code that are no reasons. */
const OTHER_WORDS = /^(NOT_SERVING$|QUORATE_|FROST_)/;
const LINE_CHARS_MAX = 120;
const UNBREAKABLE = /\S{100}/;
const SKIPPED = /(^|\/)(node_modules|dist|\.git|\.quorate|gen)(\/|$)/;

function filesOf(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.test(path)) return [];
    if (entry.isDirectory()) return filesOf(path, ending);
    return path.endsWith(ending) ? [path] : [];
  });
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function textOf(rooms: readonly string[]): string {
  return rooms
    .flatMap((room) => filesOf(join('src', room), '.ts'))
    .map(read)
    .join('\n');
}

function found(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, first = '']) => first))].sort();
}

/** The words that the items of all lists of a page begin with, without their back-ticks. */
function firstWords(page: string, word: RegExp): string[] {
  return found(page, new RegExp(`^- \`(${word.source})\`(?: \\(\`[a-z-]+\`\\))?(?::|$)`, 'gm'));
}

const pages = filesOf('.', '.md');
const errors = read('docs/errors.md');

test('docs/errors.md has every error code with its gRPC status, and no other', () => {
  const union = /export type ErrorCode =([^;]+);/.exec(read('src/common/errors.ts'))?.[1] ?? '';
  const codes = found(union, /'([a-z-]+)'/g);
  const statuses = new Map(
    [
      ...read('src/api/failure.ts').matchAll(/^ {2}'?([a-z-]+)'?: \{ grpc: '([A-Z_]+)', http/gm),
    ].map(([, code = '', status = '']) => [code, status]),
  );
  const table = errors.slice(errors.indexOf('## Codes'), errors.indexOf('## Reasons'));
  const rows = [...table.matchAll(/^- `([a-z-]+)` \(([A-Z_]+)\):/gm)];
  expect(codes.length).toBeGreaterThan(10);
  expect(rows.map(([, code = '']) => code).sort()).toEqual(codes);
  for (const [, code = '', status] of rows)
    expect([code, status]).toEqual([code, statuses.get(code)]);
});

test('docs/errors.md has every reason that a ClusterError is given', () => {
  const text = textOf(['.']);
  const given = [
    /\breason: '([A-Z][A-Z0-9_]*)'/g,
    /\breason === '([A-Z][A-Z0-9_]*)'/g,
    /\bhopeless = '([A-Z][A-Z0-9_]*)'/g,
    /: '([A-Z][A-Z0-9]*_[A-Z0-9_]*)',?$/gm,
    /\b(?:refuse|refusal|fault|invalid)\(\s*(?:'[^']*'|field),\s*'([A-Z][A-Z0-9_]*)'/g,
    /\binvalid\('([A-Z][A-Z0-9_]*)'/g,
  ].flatMap((pattern) => found(text, pattern));
  const missing = [...new Set(given)].filter(
    (reason) => !OTHER_WORDS.test(reason) && !errors.includes(`\`${reason}\``),
  );
  expect(given.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

test('docs/errors.md has no reason that the code never gives', () => {
  const text = filesOf('src', '.ts').map(read).join('\n');
  const dead = firstWords(errors, /[A-Z][A-Z0-9_]*/).filter((word) => !text.includes(`'${word}'`));
  expect(dead).toEqual([]);
});

test('docs/errors.md has every word by which a participant declines, and no other', () => {
  const text = textOf(['tasks', 'frost']);
  const given = [
    ...found(text, /\bdeclined\('([a-z-]+)'/g),
    ...found(text, /\bdeclined: '([a-z-]+)'/g),
    ...found(text, /#decline\(run, '([a-z-]+)'/g),
    ...found(text, /\{ reason: '([a-z-]+)' \}/g),
  ];
  const words = errors.slice(errors.indexOf('## Words'));
  expect(firstWords(words, /[a-z-]+/)).toEqual([...new Set(given)].sort());
});

test('no line of a page is longer than 120 characters, but for a link or a value that cannot be broken', () => {
  // Generated pages show what the program prints.
  const written = pages.filter((page) => !page.startsWith('docs/reference/'));
  const long = written.flatMap((page) =>
    read(page)
      .split('\n')
      .filter((line) => Array.from(line).length > LINE_CHARS_MAX && !UNBREAKABLE.test(line))
      .map((line) => `${page}: ${line.slice(0, 40)}`),
  );
  expect(long).toEqual([]);
});

test('the references are what the program and the proto files say', () => {
  const { status, stderr } = spawnSync(process.execPath, ['.config/reference.mjs', '--check'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

test('every relative link of a page leads to a file', () => {
  const broken = pages.flatMap((page) =>
    found(read(page).replaceAll(/^```[^]*?^```/gm, ''), /\]\((?!https?:|#|mailto:)([^)#\s]+)/g)
      .filter((link) => !existsSync(join(dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('every file or folder that a page names exists', () => {
  const missing = pages.flatMap((page) =>
    found(read(page), /`((?:src|test|proto|docs|bench|certs|\.config|\.ci)\/[\w./-]*)`/g)
      .filter((path) => !existsSync(path))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('every room stands in docs/architecture.md', () => {
  const architecture = read('docs/architecture.md');
  const rooms = readdirSync('src').filter((name) => statSync(join('src', name)).isDirectory());
  expect(rooms.filter((room) => !architecture.includes(`${room}/`))).toEqual([]);
});

test('every test that a page names in “quotes” exists', () => {
  const tests = filesOf('test', '.ts').map(read).join('\n').replaceAll('\\', '');
  const gone = ['docs/threats.md', 'docs/protocols.md'].flatMap((page) =>
    found(read(page).replaceAll(/\s+/g, ' '), /“([^”]+)”/g)
      .filter((name) => !tests.includes(name))
      .map((name) => `${page}: ${name}`),
  );
  expect(gone).toEqual([]);
});

test('docs/operations.md says what every alarm means', () => {
  const operations = read('docs/operations.md');
  const text = filesOf('src', '.ts').map(read).join('\n');
  const alarms = [...found(text, /\balarm\(\s*'([^']+)'/g), ...Object.keys(ALARM_LEVELS)];
  expect(alarms.length).toBeGreaterThan(15);
  expect(alarms.filter((words) => !operations.includes(words))).toEqual([]);
});

test('every package dependency has its reason in a decision', () => {
  const decisions = filesOf('docs/decisions', '.md').map(read).join('\n');
  const packages: unknown = JSON.parse(read('package.json'));
  const names = ['dependencies', 'devDependencies'].flatMap((field) => {
    const listed = new Map(Object.entries(packages as Record<string, object>)).get(field);
    return Object.keys(listed ?? {});
  });
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !decisions.includes(`\`${name}\``))).toEqual([]);
});

test('test/support/README.md has every file of test/support', () => {
  const page = read('test/support/README.md');
  const names = filesOf('test/support', '.ts').map((file) => basename(file));
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('docs/decisions/README.md lists every decision by its number and title, each number once', () => {
  const index = read('docs/decisions/README.md');
  const numbers = new Set<string>();
  for (const path of filesOf('docs/decisions', '.md')) {
    if (basename(path) === 'README.md') continue;
    const [, number = '', title = ''] = /^# (\d+)\. (.*)\n/.exec(read(path)) ?? [];
    expect(basename(path).slice(0, 4)).toBe(number.padStart(4, '0'));
    expect(index).toMatch(
      new RegExp(`\\| ${number} +\\| \\[${escaped(title)}\\]\\(${basename(path)}\\)`),
    );
    expect(numbers.has(number)).toBe(false);
    numbers.add(number);
  }
  expect(numbers.size).toBeGreaterThan(20);
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Words that begin a sentence without naming its subject. */
const SUBJECTLESS = 'it|what|whatever|who|whoever|whom|nobody|somebody|everybody|anybody|one that';

test('no title of a test begins with a word that names no subject', () => {
  const title =
    /(?:\b(?:test|it|describe)\(|^\s*\]?\)?(?: as const)?\)\()\s*(['"`])(.+?)\1,\s*(?:async )?\(/gm;
  const titles = filesOf('test', '.ts').flatMap((file) =>
    [...read(file).matchAll(title)].map(([, , words = '']) => ({ file, words })),
  );
  const wrong = new RegExp(`^(?:(?:attack )?\\d+: )?(?:${SUBJECTLESS})\\b`, 'i');
  expect(titles.length).toBeGreaterThan(1_000);
  expect(titles.filter(({ words }) => wrong.test(words))).toEqual([]);
});

test('no comment of the code begins with a word that names no subject', () => {
  const wrong = new RegExp(`^\\s*(?:/\\*\\*|//) (?:${SUBJECTLESS})\\b`, 'i');
  const lines = filesOf('src', '.ts').flatMap((file) =>
    read(file)
      .split('\n')
      .filter((line) => wrong.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  // A ceiling that only goes down.
  expect(lines.length).toBeLessThanOrEqual(1);
});
