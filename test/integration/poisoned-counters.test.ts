import { expect, jest, test } from '@jest/globals';
import { utf8 } from '../../src/common/index.js';
import type { Attempt, Supply } from '../../src/wire/index.js';
import { LyingLeaderCluster } from '../support/adversary/lying-leader-cluster.js';
import { payloadOf } from '../support/adversary/forgery.js';

/** Counters of honest nodes' commitments that a malicious leader makes up: docs/threats.md, commitments. */
jest.setTimeout(120_000);

/** More than the supplies that the honest nodes had pooled of each other when the lie was told. */
const SIGNATURES = 24;

/** The same attempt with commitments that no node has made. */
function invented({ assignment, ...attempt }: Attempt, counter: bigint): Attempt {
  const named: readonly Supply[] =
    assignment?.$case === 'supplies' ? assignment.value.supplies : [];
  const supplies = named.map((supply) => ({ ...supply, counter }));
  return { ...attempt, assignment: { $case: 'supplies', value: { supplies } } };
}

test.each([
  ['the highest that an entry may name', 2n ** 53n - 1n],
  ['the highest that a message can hold, in an attempt that is void', 2n ** 64n - 1n],
])('a leader that invents a counter stops no node’s commitments: %s', async (_, counter) => {
  await using setup = await LyingLeaderCluster.open();
  const client = await setup.client();
  const { keyId, publicKey } = setup;
  const sign = (requestId: string, timeoutMs = 30_000) =>
    client.sign({ keyId, publicKey, message: utf8(requestId), requestId }, { timeoutMs });
  const pay = sign('pay');
  const request = await setup.request('pay');
  const real = await setup.attempt(request);

  setup.tell({ ...request, firstAttempt: invented(real, counter) });
  // Outside a request, and for a task that does not exist: the entry is refused, and was applied all the same.
  const elsewhere = { ...invented(real, counter), taskId: 'a'.repeat(26), number: 2 };
  const last = setup.liar.sentLog.append({
    payload: payloadOf({ $case: 'attempt', value: elsewhere }),
  });
  await setup.applied(last);
  await setup.cutOff();

  expect((await pay).signature).toHaveLength(64);
  for (let at = 0; at < SIGNATURES; at++) {
    expect((await sign(`after-${at}`)).signature).toHaveLength(64);
  }
  // Commitments that were announced before the lie and since are used: no attempt had to be made again for want of one.
  const task = await client.getTask((await sign('last')).taskId);
  expect(task.attempts).toHaveLength(1);
  setup.cluster.takeAlarms();
});
