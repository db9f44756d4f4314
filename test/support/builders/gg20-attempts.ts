import type { SignAttempt } from '../../../src/tasks/kinds/sign/session-basis.js';
import type { SessionFailures } from '../../../src/tasks/kinds/sign/session-failures.js';
import { SessionSigning } from '../../../src/tasks/kinds/sign/session-signing.js';
import { Algorithm, Gg20Profile } from '../../../src/wire/index.js';
import { fill, identityKeyOf, Ledger, NODES } from './ledger.js';
import { TaskRoom } from './task-room.js';

/** An attempt with a GG20 key of which this node holds nothing. */
export function gg20SignAttempt(): SignAttempt {
  const key = {
    keyId: 'gg20-key',
    version: 1,
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
    sessionId: fill(1),
    participants: [],
    publicPolynomial: [],
  };
  const auxiliary = { setId: fill(2).subarray(0, 16), generation: 1, digest: fill(3) };
  const nodes = NODES.slice(0, 2);
  const participants = NODES.map((nodeId) => ({ nodeId, identityKey: identityKeyOf(nodeId) }));
  const record = { attempt: { version: 1, auxiliary } };
  return { key, participants, task: { key }, record, nodes } as never;
}

/** A session that ends as a test says. */
export function sessionThatEnds(failures: SessionFailures, error: Error): Promise<void> {
  const parts = new TaskRoom('node-1', new Ledger()).participating();
  const generations = { load: () => Promise.reject(error) } as never;
  return new SessionSigning({ ...parts, generations, failures }).run(gg20SignAttempt(), () => {
    throw new Error('it is not started');
  });
}
