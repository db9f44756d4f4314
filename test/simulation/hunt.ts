import { parseArgs } from 'node:util';

import { ProgramCopy } from '../support/patches/program-copy.js';
import type { Where } from './planted/planted-bug.js';
import { OPTIONS, PLANTED_BUGS, runWith, shrinkWith } from './planted-bugs.js';

const USAGE = `usage: npm run simulate:bugs -- [options]

  --match TEXT  only bugs whose names have TEXT in them
  --where W     instead of the bug's own: consensus, elections, 'figure eight', 'small memory', snapshots, 'signed words',
                faults, 'old disks', byzantine, 'false statements', gg20, 'gg20 byzantine', 'false answers', presign,
                'presign false answers', 'crash points', lives, 'lives byzantine' or 'gg20 lives'
  --first S     begin at seed S instead of the bug's own
  --seeds N     try N seeds instead of the bug's budget
  --shrink      cut each found seed down, and print the script
  --json        one line of JSON on standard output
`;

const { values } = parseArgs({
  options: {
    match: { type: 'string', default: '' },
    where: { type: 'string' },
    first: { type: 'string' },
    seeds: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const WHERE = Object.keys(OPTIONS) as Where[];

/** Plants every bug, and tells which seed found it. */
async function main(): Promise<number> {
  const rows = [];
  const lengths: number[] = [];
  using copy = new ProgramCopy();
  for (const bug of PLANTED_BUGS.filter(({ name }) => name.includes(values.match))) {
    const [first, seeds] = [Number(values.first ?? bug.first), Number(values.seeds ?? bug.seeds)];
    const where = WHERE.find((each) => each === values.where) ?? bug.where;
    const { seed, checkers, seconds } = await runWith(copy, { ...bug, where, first, seeds });
    const needed = seed === undefined ? undefined : seed - first + 1;
    const { name } = bug;
    rows.push({ name, where, first, budget: seeds, needed, seed, checkers, seconds });
    const found = seed === undefined ? 'NOT FOUND' : `seed ${seed}, by ${checkers.join(', ')}`;
    console.error(`${name} (${where}): ${found}, ${seconds.toFixed(1)} s`);
    if (!values.shrink || seed === undefined || where === 'crash points') continue;
    const { text, left, happened, runs } = await shrinkWith(copy, where, seed);
    lengths.push(left);
    console.error(`${left} of ${happened} faults and requests are left, after ${runs} runs`);
    console.error(text);
  }
  if (values.shrink)
    console.error(`lengths of the scripts: ${lengths.sort((a, b) => a - b).join(' ')}`);
  if (values.json) console.log(JSON.stringify(rows));
  return rows.every(({ seed }) => seed !== undefined) ? 0 : 1;
}

if (values.help) console.error(USAGE);
else process.exitCode = await main();
