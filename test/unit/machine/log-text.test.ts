import { expect, test } from '@jest/globals';
import { jsonLogger } from '../../../src/machine/index.js';

test('texts of other machines are escaped in the log, and mean the same', () => {
  const written: string[] = [];
  const hostile = '\u001b[2J\u009b1;1H\u202e\u200b\u0085\u2028\ufeff\u007f\n{"level":"error"}';

  jsonLogger('info', { node: hostile }, { write: (line) => void written.push(line) }).warn(
    hostile,
    {
      error: hostile,
    },
  );

  expect(written).toHaveLength(1);
  const [line = ''] = written;
  expect(line.endsWith('}\n')).toBe(true);
  expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(line)).toMatchObject({ msg: hostile, node: hostile, error: hostile });
});

test('a fact never takes the name of a field that every line has', () => {
  const written: string[] = [];
  const logger = jsonLogger(
    'info',
    { node: 'node-1' },
    { write: (line) => void written.push(line) },
  );
  logger.alarm('declined', {
    node: 'node-3',
    level: 'low',
    msg: 'x',
    alarm: false,
    peer: 'node-2',
  });

  const [line = ''] = written;
  expect(line.match(/"(node|level|msg|alarm)":/g)).toHaveLength(4);
  expect(JSON.parse(line)).toMatchObject({
    node: 'node-1',
    node_: 'node-3',
    level: 'error',
    level_: 'low',
    msg: 'declined',
    alarm: true,
    peer: 'node-2',
  });
});
