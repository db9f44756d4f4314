import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quorate, QuorateProcess } from './cli-process.js';

jest.setTimeout(120_000);

const MACHINE = new URL('../../src/machine/index.js', import.meta.url).href;
const ANY_PORTS = { QUORATE_CLIENT_LISTEN: '127.0.0.1:0', QUORATE_PEER_LISTEN: '127.0.0.1:0' };

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-memory-'));
  await quorate(folder, ['certs', 'init', '--unsigned']);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('no debugger starts in a node, and no report is written, by a signal', async () => {
  const options = '--report-on-signal --report-signal=SIGUSR2 --report-uncaught-exception';
  const node = new QuorateProcess(folder, ['node', '--config', 'cluster/node-1/node.yaml'], {
    ...ANY_PORTS,
    NODE_OPTIONS: options,
  });
  await node.printed('err', /The node listens.*\n/);
  node.child.kill('SIGUSR1');
  await node.printed('err', /SIGUSR1 does nothing.*\n/);
  node.child.kill('SIGTERM');
  await node.printed('err', /The node drains.*\n/);
  // npm sends it once more, and so does a person who does not see that it drains.
  node.child.kill('SIGTERM');

  const { status, err } = await node.finished;
  expect(status).toBe(0);
  expect(err).toMatch(/The node has stopped/);
  expect(err).not.toContain('Debugger listening');
  expect(err).toMatch(/"--report-on-signal .*can be made to show its memory/);
  expect(readdirSync(folder)).toEqual(['cluster']);
});

/** A process under guard in which nobody catches what `mistake` throws. */
function uncaught(mistake: string, guarded = true) {
  const guard = guarded ? `guardMemory(jsonLogger('debug'), () => process.exit(1));` : '';
  const script = `
    const { guardMemory, jsonLogger } = await import(${JSON.stringify(MACHINE)});
    ${guard}
    const bytes = Buffer.from('a secret that hangs on the error');
    ${mistake}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}

test.each([
  [`setTimeout(() => { throw Object.assign(new Error('a mistake'), { bytes }); });`, 'a mistake'],
  [`Promise.reject(Object.assign(new Error('a mistake'), { bytes }));`, 'a mistake'],
  [
    `Promise.reject(new Error('outer', { cause: Object.assign(new Error('inner'), { bytes }) }));`,
    'caused by Error: inner',
  ],
  [`setTimeout(() => { throw bytes; });`, 'no error, but a value of type object, was thrown'],
])('an error that nobody catches is told by its words alone: %s', (mistake, words) => {
  const { status, stderr } = uncaught(mistake);

  expect(status).toBe(1);
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/a secret|61 20 73|612073/);
  // Without the guard it would have been shown.
  expect(uncaught(mistake, false).stderr).toMatch(/a secret|61 20 73|97,\s+32/);
});
