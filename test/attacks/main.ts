import { allCases, oneSuite } from './cases.js';
import { CHECKS } from './checks.js';
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
}

async function run(): Promise<void> {
  const cases = only === undefined ? allCases() : oneSuite().filter(({ name }) => name === only);
  const verdicts = await runCases(cases);
  const wrong = verdicts.filter((verdict) => !isRight(verdict));
  const checks = only !== undefined || has('--no-checks') ? [] : CHECKS;
  const surviving = survivors(checks);
  const counts = {
    cases: verdicts.length,
    culprits_expected: verdicts.flatMap(({ expected }) => expected).length,
    culprits_named: verdicts.flatMap(({ named }) => named).length,
    honest_named: verdicts.flatMap(({ honestNamed }) => honestNamed).length,
    failed: wrong.map(({ name }) => name),
    checks: checks.length,
    checks_killed: checks.length - surviving.length,
    survivors: surviving,
    rows: ROWS.length,
    rows_absent: ROWS.filter(({ absent }) => absent !== undefined).map(({ row }) => row),
  };
  if (has('--json')) console.log(JSON.stringify(counts));
  else {
    for (const each of wrong) console.log(`WRONG ${JSON.stringify(each)}`);
    for (const name of surviving) console.log(`SURVIVES ${name}`);
    console.log(counts);
  }
  process.exitCode = wrong.length + surviving.length === 0 && cases.length > 0 ? 0 : 1;
}
