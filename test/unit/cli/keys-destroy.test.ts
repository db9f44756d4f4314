import { describe, expect, test } from '@jest/globals';
import { quorate } from './fake-context.js';

/* Without a client file a command that goes on ends with another reason: nothing here reaches a cluster. */

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const NOTHING_DONE = (typed: string): string =>
  `"${typed}" is not the id of the key, payments: nothing was done`;
/** How a command fails that was not stopped before it looked for a cluster. */
const LOOKS_FOR_A_CLUSTER = /client file|--endpoint/i;

function destroy(argv: readonly string[], given: Parameters<typeof quorate>[1] = {}) {
  return quorate(['keys', 'destroy', 'payments', ...argv], given);
}

describe('to destroy a key', () => {
  test('its id must be given once more where no terminal can be asked', async () => {
    const { status, err } = await destroy([]);
    expect(status).toBe(2);
    expect(err).toContain('give its id once more, --confirm payments');
    expect(err).not.toMatch(LOOKS_FOR_A_CLUSTER);
  });

  test.each(['payment', '', 'Payments'])('"%s" does not confirm it', async (confirm) => {
    const { status, err } = await destroy(['--confirm', confirm]);
    expect(status).toBe(2);
    expect(err).toContain(NOTHING_DONE(confirm));
  });

  test.each(['y\n', 'yes\n', '\n', 'payments-2\n', ''])(
    'a person who types %j has nothing destroyed',
    async (typed) => {
      const { status, err } = await destroy([], { inputIsTerminal: true, stdin: utf8(typed) });
      expect(err).toContain('This erases key payments on every node, for good. Type its id');
      expect(err).toContain(NOTHING_DONE(typed.trim()));
      expect(status).toBe(2);
    },
  );

  test('a person who types the id, or a command line that has it twice, goes on to the cluster', async () => {
    for (const { err } of [
      await destroy([], { inputIsTerminal: true, stdin: utf8('payments\n') }),
      await destroy(['--confirm', 'payments']),
    ]) {
      expect(err).not.toContain('nothing was done');
      expect(err).toMatch(LOOKS_FOR_A_CLUSTER);
    }
  });

  test('the line that a person types is read to its end, and no further than an id can be long', async () => {
    let pieces = 0;
    async function* input(): AsyncGenerator<Uint8Array> {
      for (; pieces < 10_000; pieces++) yield utf8('x'.repeat(64));
    }
    const { status } = await destroy([], { inputIsTerminal: true, input });
    expect(status).toBe(2);
    expect(pieces).toBeLessThan(100);
  });
});
