import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recorder } from './recorder.js';
import { runScenario } from './scenario.js';
import { Search } from './search.js';

/*
 * Runs the scenario once and prints one JSON object: how many secrets of each kind there were, how many bytes were searched in each
 * place, and what was found where. Its own process, because it listens in on every secret in it.
 */
const folder = mkdtempSync(join(tmpdir(), 'quorate-secrets-'));
try {
  const recorder = new Recorder();
  const traces = await runScenario(join(folder, 'cluster'), recorder);
  const secrets = recorder.all();
  const search = new Search(secrets);
  const places = [...traces];
  const report = {
    secrets: Object.fromEntries(
      [...new Set(secrets.map(({ kind }) => kind))].map((kind) => [
        kind,
        secrets.filter((each) => each.kind === kind).length,
      ]),
    ),
    searched: Object.fromEntries(places.map(([place, bytes]) => [place, bytes.length])),
    errors: (
      traces
        .get('errors')
        ?.toString()
        .match(/(?<=(?:Error|\[ClusterError\]): ).*/g) ?? []
    ).slice(0, 40),
    found: Object.fromEntries(
      places
        .map(([place, bytes]) => [
          place,
          search.in(bytes).map(({ kind, form }) => `${kind}: ${form}`),
        ])
        .filter(([, found]) => found?.length !== 0),
    ),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
