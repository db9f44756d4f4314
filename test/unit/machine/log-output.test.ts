import { expect, test } from '@jest/globals';
import { closeSync, openSync } from 'node:fs';
import { logOutput } from '../../../src/machine/log-output.js';

/** A file that takes so many bytes at each call; `undefined` is a refusal with the error. */
function file(takes: (number | 'ENOSPC' | 'EAGAIN')[]) {
  const written: string[] = [];
  const write = (_: number, bytes: Uint8Array): number => {
    const next = takes.shift() ?? bytes.length;
    if (typeof next === 'string') throw Object.assign(new Error(next), { code: next });
    written.push(new TextDecoder().decode(bytes.subarray(0, next)));
    return Math.min(next, bytes.length);
  };
  return { write, text: () => written.join('') };
}

test('lines that a full disk refuses are lost and counted, and later lines are written', () => {
  const { write, text } = file(['ENOSPC', 'ENOSPC']);
  const output = logOutput(2, write);

  for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) output.write(line);

  const [loss = '', ...rest] = text().split('\n');
  expect(JSON.parse(loss)).toMatchObject({ level: 'warn', lost: 2 });
  expect(rest).toEqual(['three', 'four', '']);
});

test('a line that was written in part does not run into the next', () => {
  const { write, text } = file([2, 'ENOSPC']);
  const output = logOutput(2, write);

  output.write('one\n');
  output.write('two\n');

  expect(text().split('\n')).toEqual(['on', expect.stringContaining('"lost":1'), 'two', '']);
});

test('a reader that is slow is waited for, a bounded number of times', () => {
  const busy = file(['EAGAIN', 'EAGAIN']);
  logOutput(2, busy.write).write('one\n');
  expect(busy.text()).toBe('one\n');

  const stuck = file(Array.from({ length: 10 }, () => 'EAGAIN' as const));
  logOutput(2, stuck.write).write('one\n');
  expect(stuck.text()).toBe('');
});

test('a log on a device that is always full throws nothing', () => {
  const full = openSync('/dev/full', 'w');
  const output = logOutput(full);
  expect(() => {
    output.write('one\n');
    output.write('two\n');
  }).not.toThrow();
  closeSync(full);
});
