import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../support/scripts/commands.js';
import { runScript } from '../support/scripts/run-script.js';
import { parseScript, printScript } from '../support/scripts/script-file.js';

/* Scripts that drive the core of Raft, each with the trace that it must leave. See test/scenarios/scripts/README.md. */

const FOLDER = join('test', 'scenarios', 'scripts');
const SCRIPTS_MIN = 60;
/** Writes the traces as they are now, for a reader to look at what has changed. */
const isUpdating = process.env['QUORATE_UPDATE_TRACES'] === '1';

const files = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.txt'))
  .sort();
const page = readFileSync(join(FOLDER, 'README.md'), 'utf8');

test.each(files)('%s leaves its trace', (file) => {
  const path = join(FOLDER, file);
  const text = readFileSync(path, 'utf8');
  const script = parseScript(text);
  const now = printScript(script, runScript(script));
  if (isUpdating) writeFileSync(path, now);
  expect(now).toBe(readFileSync(path, 'utf8'));
});

test('there are enough scripts, and the page of scripts names each once, and no other', () => {
  const named = [...page.matchAll(/`([a-z0-9-]+\.txt)`/g)].map(([, name = '']) => name);
  expect(named.toSorted()).toEqual(files);
  expect(files.length).toBeGreaterThanOrEqual(SCRIPTS_MIN);
});

test('the page of scripts explains every command, and no other', () => {
  const commands = page.slice(page.indexOf('## Commands'));
  const explained = [...commands.matchAll(/^- `([a-z-]+)/gm)].map(([, name = '']) => name);
  const known = [...Object.keys(COMMANDS), 'add-nodes', 'quietly'];
  expect(explained.toSorted()).toEqual(known.toSorted());
});

test('a trace that differs from what happens is found', () => {
  const script = parseScript('# a head\n\nadd-nodes 1\n----\nok\n\ncampaign 1\n----\nok\n');
  expect(printScript(script, runScript(script))).toContain('1 is leader in term 2');
});

test.each([
  ['a command that there is not', 'add-nodes 3\n----\n\njump 1\n----\n', /jump 1: no such command/],
  ['a node that there is not', 'add-nodes 3\n----\n\ncrash 4\n----\n', /crash 4: no node 4/],
  ['a command before there are nodes', 'crash 1\n----\n', /nodes are to be added first/],
  ['a setting that there is not', 'add-nodes 3 speed=9\n----\n', /no setting speed/],
])('%s ends a script with its line', (_name, text, message) => {
  expect(() => runScript(parseScript(`# a head\n\n${text}`))).toThrow(message);
});

test('a script that breaks a promise of Raft ends, whatever its trace says', () => {
  // A vote that was given is forgotten by the disk: then it is given again.
  const text = [
    'add-nodes 3',
    'forge 2->1 vote-request term=2 last=1/1',
    'crash 1',
    'disk 1 vote=none',
    'restart 1',
    'forge 3->1 vote-request term=2 last=1/1',
  ].join('\n----\n\n');
  expect(() => runScript(parseScript(`# a head\n\n${text}\n----\n`))).toThrow(
    /1 voted twice in term 2/,
  );
});
