import { expect, test } from '@jest/globals';
import { SecretBytes } from '../../../src/crypto/index.js';
import { jsonLogger, systemClock, systemRandom } from '../../../src/machine/index.js';
import type { LogFields } from '../../../src/ports/index.js';

function logged(): { lines: () => Record<string, unknown>[]; write(line: string): void } {
  const written: string[] = [];
  return {
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    write: (line) => void written.push(line),
  };
}

test('a log line is one JSON object with time, level, message and facts', () => {
  const output = logged();
  const logger = jsonLogger('info', { node: 'node-1' }, output);

  logger.debug('not at this level');
  logger.info('leader changed', { term: 3 });
  logger.error('stopped', { error: 'disk full' });

  const [first, second, ...rest] = output.lines();
  expect(first).toMatchObject({ level: 'info', msg: 'leader changed', node: 'node-1', term: 3 });
  expect(new Date(String(first?.['time'])).toISOString()).toBe(first?.['time']);
  expect(second).toMatchObject({ level: 'error', msg: 'stopped', error: 'disk full' });
  expect(rest).toEqual([]);
});

test('an alarm is logged as an error that says so, whatever its fields say', () => {
  const output = logged();

  jsonLogger('error', {}, output).alarm('two leaders', { term: 3, alarm: false });

  expect(output.lines()).toMatchObject([{ level: 'error', alarm: true, term: 3 }]);
});

test('a log field with the name of a secret is not shown', () => {
  const output = logged();

  jsonLogger('info', {}, output).info('oops', { scalar: 'abcdef', seed: 'abcdef', key: 'key-1' });

  expect(JSON.stringify(output.lines())).not.toContain('abcdef');
  expect(output.lines()).toMatchObject([{ scalar: '[redacted]', key: 'key-1' }]);
});

test('the log refuses bytes, large numbers and objects under any field name', () => {
  const output = logged();
  const bytes = Uint8Array.of(201, 202, 203);
  // What only a type assertion lets through.
  const fields = {
    bytes,
    buffer: Buffer.from(bytes),
    number: 13_290_187n,
    inside: { bytes: [201, 202, 203] },
    secretly: new SecretBytes(bytes),
    session: 'abc',
  } as unknown as LogFields;

  for (const level of ['debug', 'info', 'warn', 'error', 'alarm'] as const)
    jsonLogger('debug', {}, output)[level]('oops', fields);

  expect(output.lines()).toHaveLength(5);
  for (const line of output.lines()) {
    const refused = ['bytes', 'buffer', 'number', 'inside', 'secretly'].map((name) => line[name]);
    expect(refused).toEqual(refused.map(() => '[refused]'));
    expect(line['session']).toBe('abc');
    // The digits of a time may be any.
    expect(JSON.stringify({ ...line, time: '' })).not.toMatch(/201|13290187|c9ca|yco|ycrL/i);
  }
});

test('a line break in a log message stays within its line', () => {
  const output = logged();

  jsonLogger('info', {}, output).info('one\n{"level":"error"}', { name: 'a\nb' });

  expect(output.lines()).toHaveLength(1);
});

test('random bytes have an array of their own', () => {
  const [a, b] = [systemRandom.bytes(32), systemRandom.bytes(32)];

  expect(a.buffer.byteLength).toBe(32);
  expect(a.buffer).not.toBe(b.buffer);
  expect(a).not.toEqual(b);
  expect(systemRandom.bytes(100_000)).toHaveLength(100_000);
  expect(systemRandom.bytes(0)).toHaveLength(0);
});

test('a timer runs once, and never after it was cancelled', async () => {
  const ran: string[] = [];
  await new Promise<void>((done) => {
    systemClock.after(0, () => ran.push('cancelled')).cancel();
    systemClock.after(0, () => ran.push('first'));
    systemClock.after(2, done);
  });

  expect(ran).toEqual(['first']);
  expect(Number.isInteger(systemClock.now())).toBe(true);
  expect(Number.isInteger(systemClock.elapsed())).toBe(true);
  expect(() => systemClock.after(2 ** 31, () => {})).toThrow('24 days');
});
