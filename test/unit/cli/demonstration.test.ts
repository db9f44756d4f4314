import { expect, test } from '@jest/globals';
import type { Cluster, QuorateClient } from '../../../src/client/index.js';
import { demonstrate } from '../../../src/cli/dev/demonstration.js';
import { fakeContext } from './fake-context.js';

test('the demonstration ends in the middle of a call when it is interrupted', async () => {
  const { context, out } = fakeContext();
  const interrupt = new AbortController();
  const client = {
    getKey: (_: string, { signal }: { readonly signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        interrupt.abort(new Error('interrupted'));
      }),
  } as unknown as QuorateClient;

  const shown = demonstrate({
    client,
    cluster: { leaderId: 'node-1', term: 1n } as Cluster,
    endpoints: ['127.0.0.1:1'],
    pids: { 'node-1': 1 },
    signal: interrupt.signal,
    exits: false,
    start: 'quorate dev',
    command: (words) => words,
    context,
  });

  await expect(shown).rejects.toThrow('interrupted');
  expect(out.join('\n')).toContain('leads term 1');
  expect(out.join('\n')).not.toContain('A key, born in');
});
