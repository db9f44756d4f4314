import { parseArgs } from 'node:util';
import { BUDGETS, measureFloods, QUIET_BUDGETS } from './lane.js';

/* `npm run floods -- [--seconds 5] [--json] [name …]`: what floods do to three nodes and to another client. */

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const names = positionals.length === 0 ? undefined : positionals;
const measured = await measureFloods(Number(values.seconds) * 1000, names);
const broken = measured.floods.flatMap((report) =>
  [...BUDGETS, ...QUIET_BUDGETS]
    .filter(({ holds }) => !holds(report, measured.quiet))
    .map(({ what }) => `${report.flood}: not so: ${what}`),
);
const { quiet, floods, troubles } = measured;
if (values.json) process.stdout.write(`${JSON.stringify({ ...measured, broken })}\n`);
else {
  process.stdout.write(
    `alone: ${quiet.served} signatures, p50 ${quiet.p50Ms} ms, p99 ${quiet.p99Ms} ms\n`,
  );
  for (const { flood, ...counts } of floods)
    process.stdout.write(
      `${flood}: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}\n`,
    );
  for (const line of [...broken, ...troubles]) process.stdout.write(`${line}\n`);
}
process.exitCode = broken.length + troubles.length > 0 ? 1 : 0;
