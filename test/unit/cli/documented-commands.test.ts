import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../../../src/cli/program.js';
import { fakeContext } from './fake-context.js';

/** What a page or a help text shows a person to type, held against the commands that there are. */
type Shown = { readonly where: string; readonly line: string };

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'certs/README.md',
  'bench/README.md',
  ...pagesOf('docs'),
  ...pagesOf('docs/decisions'),
  ...pagesOf('deploy'),
];

function pagesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name));
}

/** Lines of a shell, and words in back-ticks, that begin with `quorate`. */
function shownIn(where: string, text: string): Shown[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ');
  const lines = [
    ...joined.matchAll(/^[ \t]*(?:ExecStart=\S*|\$ )?(?:npx --no |exec )?quorate ([^\n]+)$/gm),
    ...joined.matchAll(/`(?:npx --no )?quorate ([^`\n]+)`/g),
  ];
  return lines.map(([, line = '']) => ({ where, line: line.split(/\s+#|\s{3,}|[|;]/)[0] ?? '' }));
}

const program = await buildProgram(fakeContext().context);

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function helpOf(command: Command): string {
  let text = '';
  command
    .configureOutput({ writeOut: (more) => (text += more), getOutHasColors: () => false })
    .outputHelp();
  return text;
}

/** What is wrong with a shown line: a command or a flag that there is not. */
function faultOf(line: string): string | undefined {
  const words = line.trim().split(/\s+/);
  let command = program;
  while (words.length > 0) {
    const inner = command.commands.find((each) => each.name() === words[0]);
    if (inner === undefined) break;
    command = inner;
    words.shift();
  }
  const [next = ''] = words;
  if (command.commands.length > 0 && /^[a-z]/.test(next) && next !== 'help')
    return `no command "${next}"`;
  const known = new Set([
    '--help',
    ...(command === program ? ['--version'] : []),
    ...command.options.flatMap(({ long, short }) => [long, short]),
  ]);
  const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0]);
  const unknown = flags.find((flag) => !known.has(flag));
  return unknown && `no flag ${unknown}`;
}

const shown = [
  ...PAGES.flatMap((page) => shownIn(page, readFileSync(page, 'utf8'))),
  ...everyCommand(program).flatMap((command) =>
    shownIn(`help of ${command.name()}`, helpOf(command)),
  ),
];

test('every command and flag in the pages and help texts exists', () => {
  expect(shown.length).toBeGreaterThan(60);
  expect(
    shown.flatMap(({ where, line }) => {
      const fault = faultOf(line);
      return fault === undefined ? [] : [`${where}: quorate ${line}: ${fault}`];
    }),
  ).toEqual([]);
});

test('the check finds a documented command or flag that does not exist', () => {
  expect(faultOf('keys melt demo')).toBe('no command "melt"');
  expect(faultOf('keys get demo --loudly')).toBe('no flag --loudly');
  expect(faultOf('keys get demo --json')).toBeUndefined();
});

test('no page or hint asks npm’s registry for a package, which anybody may have named quorate', () => {
  // Outside this package, and before it is built, `npx quorate` would install one and run it; `--no` never installs.
  const texts = [
    ...PAGES.map((page) => [page, readFileSync(page, 'utf8')] as const),
    ...everyCommand(program).map((command) => [command.name(), helpOf(command)] as const),
  ];
  const asking = texts.filter(([, text]) => /\bnpx (?!--no )\S*quorate\b/.test(text));
  expect(asking.map(([where]) => where)).toEqual([]);
});
