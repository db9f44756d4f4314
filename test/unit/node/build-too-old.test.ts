import { expect, test } from '@jest/globals';
import { Alarms } from '../../../src/alarms/index.js';
import { ClusterError } from '../../../src/common/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { StateMachine } from '../../../src/node/replica-machine.js';
import type { Entry } from '../../../src/ports/index.js';
import { sealEntry, ZERO_HASH } from '../../../src/raft/index.js';
import { judgingContext, Overlay } from '../../../src/state/index.js';
import { strictStore, testGenesis, verify } from '../../support/builders/ledger.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, alarm() {} };

function machineOf(overlay: Overlay, genesis: Genesis, buildLevel: number): StateMachine {
  const rules = judgingContext(genesis, verify);
  return new StateMachine(
    overlay,
    rules,
    { logger: quiet, alarms: new Alarms({ elapsed: () => 0 }, quiet) },
    buildLevel,
    () => 1,
    () => undefined,
  );
}

function genesisEntry({ bytes, createdMs }: Genesis): Entry {
  const fields = { index: 1, term: 1, kind: 'genesis', timeMs: createdMs } as const;
  return sealEntry(ZERO_HASH, { ...fields, payload: bytes });
}

function errorOf(run: () => unknown): ClusterError | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof ClusterError) return error;
    throw error;
  }
  return undefined;
}

const tooOld = {
  code: 'unsupported',
  reason: 'BUILD_TOO_OLD',
  details: { facts: { level: '2', build_level: '1' } },
};

test('a node stops before it takes a state above the level of its build', () => {
  const genesis = testGenesis({ level: 2 });
  const overlay = new Overlay(strictStore());
  const machine = machineOf(overlay, genesis, 1);

  expect(errorOf(() => machine.apply(genesisEntry(genesis)))).toMatchObject(tooOld);

  expect(overlay.pendingWrites()).toEqual([]);
  expect(machine.level).toBe(0);
});

test('a node whose build has the level takes the state, and shows its level', () => {
  const genesis = testGenesis({ level: 2 });
  const machine = machineOf(new Overlay(strictStore()), genesis, 2);

  machine.apply(genesisEntry(genesis));

  expect(machine.level).toBe(2);
});

test('a node does not start with a stored state above the level of its build', () => {
  const genesis = testGenesis({ level: 2 });
  const overlay = new Overlay(strictStore());
  machineOf(overlay, genesis, 3).apply(genesisEntry(genesis));

  expect(errorOf(() => machineOf(overlay, genesis, 1))).toMatchObject(tooOld);
  expect(machineOf(overlay, genesis, 2).level).toBe(2);
});
