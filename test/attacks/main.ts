import { allCases, oneSuite } from './cases.js';
import { CHECKS } from './checks.js';
import { GG20_ATTACKS, GG20_ROWS } from './gg20/rows.js';
import { harmless } from './gg20/weakened.js';
import { survivors } from './mutate.js';
import { ROWS } from './rows.js';
import { isRight, runCases } from './run.js';

const USAGE = `npm run attacks -- [options]

Runs every attack on every suite, then takes each check out and runs the case that must notice.

  --json          print one JSON object of counts, and nothing else
  --case <name>   run this case alone, and take no check out
  --no-checks     take no check out
  --list          print the rows, and how many cases each has

Ends with 0 if every case named exactly the expected culprits and every check was missed when it was gone.`;

const [, , ...argv] = process.argv;
const has = (flag: string): boolean => argv.includes(flag);
const only = has('--case') ? argv[argv.indexOf('--case') + 1] : undefined;

if (has('--help')) {
  console.log(USAGE);
} else if (has('--list')) {
  list();
} else {
  await run();
}

function list(): void {
  const cases = allCases();
  for (const { row, attack, elsewhere = [], absent } of ROWS) {
    const count = cases.filter(({ rows }) => rows.includes(row)).length;
    const tests = elsewhere.map(([file]) => file).join(', ');
    console.log(`${row}. ${attack}: ${absent ?? `${count} cases`}${tests && `; also ${tests}`}`);
  }
  for (const { row, attack, missing } of GG20_ROWS) {
    const count = GG20_ATTACKS.filter((each) => each.row === row).length;
    console.log(
      `GG20 ${row}. ${attack}: ${count} cases${missing === undefined ? '' : `; ${missing}`}`,
    );
  }
}

async function run(): Promise<void> {
  const cases = only === undefined ? allCases() : oneSuite().filter(({ name }) => name === only);
  const verdicts = await runCases(cases);
  const wrong = verdicts.filter((verdict) => !isRight(verdict));
  const isWhole = only === undefined && !has('--no-checks');
  const checks = isWhole ? CHECKS : [];
  const surviving = [...survivors(checks), ...(isWhole ? await harmless(GG20_ATTACKS) : [])];
  const removals = checks.length + (isWhole ? GG20_ATTACKS.length : 0);
  const counts = {
    cases: verdicts.length,
    culprits_expected: verdicts.flatMap(({ expected }) => expected).length,
    culprits_named: verdicts.flatMap(({ named }) => named).length,
    honest_named: verdicts.flatMap(({ honestNamed }) => honestNamed).length,
    failed: wrong.map(({ name }) => name),
    checks: removals,
    checks_killed: removals - surviving.length,
    survivors: surviving,
    rows: ROWS.length,
    rows_absent: ROWS.filter(({ absent }) => absent !== undefined).map(({ row }) => row),
    gg20_rows: GG20_ROWS.length,
    gg20_rows_missing: GG20_ROWS.filter(({ missing }) => missing !== undefined).map(
      ({ row }) => row,
    ),
  };
  if (has('--json')) console.log(JSON.stringify(counts));
  else {
    for (const each of wrong) console.log(`WRONG ${JSON.stringify(each)}`);
    for (const name of surviving) console.log(`SURVIVES ${name}`);
    console.log(counts);
  }
  process.exitCode = wrong.length + surviving.length === 0 && cases.length > 0 ? 0 : 1;
}
