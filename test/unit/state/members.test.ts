import { expect, test } from '@jest/globals';
import { members, Overlay, shareHolders } from '../../../src/state/index.js';
import { encode, MemberRole, MembersRecord } from '../../../src/wire/index.js';
import {
  identityKeyOf,
  Ledger,
  NODES,
  strictStore,
  testGenesis,
} from '../../support/builders/ledger.js';

const record = (nodeId: string, role: MemberRole) => ({
  nodeId,
  role,
  identityKey: identityKeyOf(nodeId),
});

test('the genesis entry writes the members into the state; before it they are those of the file', () => {
  const genesis = testGenesis();
  const before = new Overlay(strictStore());
  expect(members(before, genesis)).toEqual(genesis.members);

  const ledger = new Ledger(genesis);
  expect(ledger.state.get('members')).toBeDefined();
  expect(ledger.ask.members()).toEqual(genesis.members);
});

test('the state’s members, not the file’s, hold shares and vouch for requests', () => {
  const ledger = new Ledger();
  const rest = [
    record('node-3', MemberRole.TEE),
    record('node-2', MemberRole.TEE),
    record('node-1', MemberRole.MESH),
  ];
  ledger.state.put([['members', encode(MembersRecord, { members: rest })]]);

  expect(shareHolders(ledger.ask.members()).map(({ nodeId }) => nodeId)).toEqual(NODES.slice(1));
  const stranger = ledger.generate('treasury', { participants: ['node-1', 'node-2'] });
  expect(stranger.decision?.result).toMatchObject({ kind: 'refused' });
  const [task = ''] = ledger.generate('cold', {
    participants: [],
    allowNoRedundancy: true,
  }).changedTasks;
  ledger.attempt(ledger.task(task));
  expect(ledger.task(task).attempts[0]?.attempt?.assignment).toMatchObject({
    value: { nodes: [{ nodeId: 'node-2' }, { nodeId: 'node-3' }] },
  });

  ledger.state.put([['members', encode(MembersRecord, { members: rest.slice(0, 2) })]]);
  expect(ledger.generate('hot').decision?.result).toMatchObject({
    refusal: { reason: 'INVALID_VOUCHER' },
  });
});
