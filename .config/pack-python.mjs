// Makes a wheel of clients/python in build/, with the descriptor set of the API in it. Needs Python's pip and setuptools.
// With --stage FOLDER it only puts the package's files there.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function stage(folder) {
  cpSync('clients/python', folder, {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
  cpSync('LICENSE', join(folder, 'LICENSE'));
  run('node_modules/.bin/buf', [
    'build',
    'proto',
    '-o',
    join(folder, 'quorate_client/quorate.binpb'),
  ]);
}

const [flag, folder] = process.argv.slice(2);
if (flag === '--stage' && folder) stage(folder);
else {
  const work = mkdtempSync(join(tmpdir(), 'quorate-python-'));
  stage(work);
  mkdirSync('build', { recursive: true });
  const python = process.env.QUORATE_PYTHON ?? 'python3';
  run(python, ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', 'build', work]);
  rmSync(work, { recursive: true });
}
