import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

test('the command of a clone that is not set up says so, and runs what is compiled once it is', () => {
  const clone = mkdtempSync(join(tmpdir(), 'quorate-clone-'));
  cpSync('bin', join(clone, 'bin'), { recursive: true });
  const run = () =>
    spawnSync(process.execPath, [join(clone, 'bin', 'quorate.mjs')], { encoding: 'utf8' });

  const before = run();
  mkdirSync(join(clone, 'dist', 'src'), { recursive: true });
  writeFileSync(join(clone, 'dist', 'src', 'main.js'), 'console.log("compiled");');
  const after = run();
  rmSync(clone, { recursive: true });

  expect(before).toMatchObject({ status: 2, stdout: '' });
  expect(before.stderr).toMatch(/run: npm run setup/);
  expect(after).toMatchObject({ status: 0, stdout: 'compiled\n' });
});

test('no package of a stranger can have the name of the server’s, and packing compiles first', () => {
  const own = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly name: string;
    readonly scripts: Readonly<Record<string, string>>;
  };
  expect(own.name).toBe('@quorate/server');
  expect(own.scripts['prepack']).toBe(own.scripts['setup']);
});
