import { expect, test } from '@jest/globals';
import { setIdOf } from '../../../src/identity/index.js';
import { queries, setIdBytes } from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { encode, Gg20Profile, SetRecord } from '../../../src/wire/index.js';
import { fill, identityKeyOf, Ledger, NODES, testGenesis } from '../../support/builders/ledger.js';

const participants = NODES.map((node) => ({ nodeId: node, identityKey: identityKeyOf(node) }));
const set = { profile: Gg20Profile.P2048, participants } as const;

/** The signers of a key, in a state whose set has a generation by these members. */
function signers(gg20Profile: Gg20Profile, members: readonly string[]): readonly string[] {
  const ledger = new Ledger();
  const preparation = {
    sessionId: fill(1),
    setId: setIdBytes(setIdOf(set)),
    generation: 1,
    members: [...members],
    digest: fill(2),
  };
  const active = { preparation, prepared: [], timeMs: 0n };
  const record = encode(SetRecord, SetRecord.fromPartial({ ...set, participants, active }));
  const get = (name: string) => (name.endsWith(setIdOf(set)) ? record : ledger.state.get(name));
  const key = { participants, gg20Profile } as unknown as ActiveKey;
  return queries(
    { get, scan: (prefix, from) => ledger.state.scan(prefix, from) },
    testGenesis(),
  ).signersOf(key);
}

test('a key of a set is signed with by the members of its active generation alone', () => {
  expect(signers(Gg20Profile.P2048, NODES.slice(1))).toEqual(NODES.slice(1));
  expect(signers(Gg20Profile.P3072, NODES.slice(1))).toEqual([]);
  expect(signers(Gg20Profile.UNSPECIFIED, NODES.slice(1))).toEqual(NODES);
});
