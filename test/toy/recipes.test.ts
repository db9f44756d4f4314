import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The recipes of docs/architecture.md, held against the code and against the toy that follows them. */

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

function sourcesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('gen/'))
    .map((file) => join(folder, file));
}

const page = read('docs/architecture.md');
const section = page.slice(page.indexOf('## Three recipes'));

/** The text under a heading of the section. */
function recipe(name: string): string {
  const [, text = ''] = section.split(`### ${name}\n`);
  return text.split('\n### ')[0] ?? '';
}

const KIND = recipe('A kind of task');
const ALGORITHM = recipe('An algorithm');
const STORE = recipe('A store for key shares');

/** Names of the code that a recipe gives a file for: “`NAME` of `path`”, “`A`, `B` and `C` of `path`”, “`NAME` (`path`)”. */
function placesIn(text: string): readonly { readonly name: string; readonly path: string }[] {
  const flat = text.replaceAll(/\s+/g, ' ');
  const listed = /((?:`\w+`(?:, | and ))*`\w+`) (?:of |\()`([\w./-]+\.ts)`/g;
  return [...flat.matchAll(listed)].flatMap(([, names = '', path = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ name, path })),
  );
}

/** The constants of src/ that have a line for each of something. */
function tablesOf(type: RegExp): readonly string[] {
  const table = new RegExp(`const (\\w+): (?:Readonly<\\s*Record<\\s*)?${type.source}\\b`, 'g');
  return sourcesOf('src').flatMap((file) =>
    [...read(file).matchAll(table)].map(([, name = '']) => name),
  );
}

test.each([
  ['a kind of task', KIND, 7],
  ['an algorithm', ALGORITHM, 5],
  ['a store', STORE, 6],
])('each file that the recipe for %s names has what is said to be there', (_, text, count) => {
  const places = placesIn(text);
  const missing = places.filter(({ name, path }) => {
    const declared = new RegExp(`\\b(?:const|function|type|interface|class) ${name}\\b`);
    return !declared.test(read(path));
  });
  expect(missing).toEqual([]);
  expect(places.length).toBeGreaterThanOrEqual(count);
});

test('the recipe for a kind of task names every table that has a line for each kind', () => {
  const tables = tablesOf(/TaskKind/);
  expect(tables).toEqual(expect.arrayContaining(['TASK_KINDS', 'TASK_DRIVERS', 'PRESENTED']));
  expect(tables.filter((name) => !KIND.includes(`\`${name}\``))).toEqual([]);
});

test('the recipe for an algorithm names every table that has a line for each algorithm', () => {
  const tables = tablesOf(/(?:KeyAlgorithm|Schemes|Verifiers)/);
  expect(tables).toEqual(expect.arrayContaining(['ALGORITHMS', 'SCHEMES', 'VERIFIERS', 'FINAL']));
  expect(tables.filter((name) => !ALGORITHM.includes(`\`${name}\``))).toEqual([]);
});

/** A word of a recipe, and the file of the toy that follows it. */
const FOLLOWED: readonly (readonly [string, string])[] = [
  ['KindRules', 'test/toy/rules.ts'],
  ['TASK_KINDS', 'test/toy/tables.ts'],
  ['protocol', 'test/toy/protocol.ts'],
  ['reliable', 'test/toy/participant.ts'],
  ['KindDriver', 'test/toy/tables.ts'],
  ['TASK_DRIVERS', 'test/toy/tables.ts'],
  ['KIND_JUDGES', 'test/toy/tables.ts'],
  ['kinds', 'test/toy/cluster.test.ts'],
  ['Scheme', 'test/toy/scheme.ts'],
  ['SCHEMES', 'test/toy/cluster.test.ts'],
  ['VERIFIERS', 'test/toy/cluster.test.ts'],
  ['schemes', 'test/toy/cluster.test.ts'],
  ['verifiers', 'test/toy/cluster.test.ts'],
  ['ShareStore', 'test/toy/file-share-store.ts'],
  ['ShareStoreError', 'test/toy/file-share-store.ts'],
  ['shareToBytes', 'test/toy/file-share-store.ts'],
  ['shareFromBytes', 'test/toy/file-share-store.ts'],
  ['sharePage', 'test/toy/file-share-store.ts'],
  ['shareStoreSuite', 'test/toy/file-share-store.test.ts'],
];

test('the toy uses what the recipes name', () => {
  const strange = FOLLOWED.filter(
    ([word, file]) =>
      !section.includes(`\`${word}\``) || !new RegExp(`\\b${word}\\b`).test(read(file)),
  );
  expect(strange).toEqual([]);
});

test('no file of src/ knows the toy', () => {
  expect(sourcesOf('src').filter((file) => /\btoys?\b/i.test(read(file)))).toEqual([]);
});
