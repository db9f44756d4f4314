import { parseArgs } from 'node:util';
import { DECODERS } from './decoders.js';
import { fuzz } from './fuzz.js';

const HELP = `Usage: npm run fuzz -- [options]

  --decoder <name>  one decoder, or all whose names begin so
  --runs <count>    inputs for each decoder (default 20000)
  --seed <number>   the same seed and corpus give the same run (default: drawn, and printed)
  --keep            write inputs that go a new way, and what is found, to test/fuzz/corpus/
  --list            name the decoders
  --json            one JSON object instead of lines
`;

const { values } = parseArgs({
  options: {
    decoder: { type: 'string', default: '' },
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const runs = Number(values.runs);
const chosen = DECODERS.filter(({ name }) => name.startsWith(values.decoder));

if (values.help) {
  console.info(HELP);
} else if (values.list) {
  console.info(chosen.map(({ name }) => name).join('\n'));
} else if (chosen.length === 0 || !Number.isInteger(seed) || !Number.isInteger(runs)) {
  console.error(HELP);
  process.exitCode = 2;
} else {
  console.error(`seed ${seed}`);
  const reports = chosen.map((decoder) => {
    const report = fuzz(decoder, runs, seed, values.keep);
    if (!values.json) {
      const { decoder: name, ways, fresh, findings } = report;
      console.info(
        `${name}: ${ways} ways, ${fresh.length} of them new, ${findings.length} findings`,
      );
      for (const finding of findings) console.info(finding);
    }
    return report;
  });
  const findings = reports.flatMap((report) => report.findings);
  if (values.json) {
    const decoders = reports.map((report) => ({ ...report, fresh: report.fresh.length }));
    console.info(JSON.stringify({ seed, runs, findings: findings.length, decoders }));
  }
  process.exitCode = findings.length === 0 ? 0 : 1;
}
