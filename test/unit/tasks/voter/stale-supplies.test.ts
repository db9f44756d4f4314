import { expect, test } from '@jest/globals';

import { bootId, nodeId } from '../../../../src/common/index.js';
import { SupplyPools } from '../../../../src/tasks/voter/supply-pools.js';
import { attempted, newPlan, nextStep } from '../../../../src/tasks/leader/plan.js';
import { bootOf, supply } from '../../../support/builders/ledger.js';

const NODE = nodeId('node-1');
const BOOT = bootId(Buffer.from(bootOf(NODE)).toString('hex'));

test('commitments sent with a refusal are offered before all that the peer may have dropped unheard', () => {
  const pools = new SupplyPools();
  pools.hello(NODE, BOOT);
  const stale = Array.from({ length: 64 }, (_, at) => supply(NODE, at + 1));
  pools.add(NODE, 'key', 1, stale, 0);

  pools.add(NODE, 'key', 1, [supply(NODE, 1000)], 1);

  const assigned = pools.assign('key', 1, 1, [NODE], () => true);
  expect(assigned?.map(({ counter }) => counter)).toEqual([1000n]);
});

test('a slow proposal is not made again while its leader leads', () => {
  const plan = newPlan(0, 250, 0);
  expect(nextStep(plan, 0, false)).toEqual({ kind: 'attempt' });

  plan.proposed = true;
  expect(nextStep(plan, 60_000, false)).toEqual({ kind: 'wait' });

  attempted(plan, 1, 60_000);
  expect(nextStep(plan, 60_000, false)).toEqual({ kind: 'wait' });
  expect(nextStep(plan, 60_250, false)).toEqual({ kind: 'attempt' });
});
