import { setImmediate as turn } from 'node:timers/promises';
import { dirname } from 'node:path';
import { fromHex } from '../../../src/common/index.js';
import { systemRandom } from '../../../src/machine/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import { readConfig } from '../../../src/node/index.js';
import { COMPLAINT_KIND } from '../../../src/tasks/index.js';
import { Complaint, encode, encodeTaskMessage } from '../../../src/wire/index.js';
import type { Supply, TaskMessageBody } from '../../../src/wire/index.js';
import { LyingNode } from '../../support/adversary/lying-node.js';
import type { Flood, FloodCounts, Target } from '../flood.js';

/* Floods by one member, on its own streams to the others. Beside the flood it takes part as an honest node does. */

/** Messages to each node in one turn of the sender's loop: more than a stream carries meanwhile. */
const MESSAGES_AT_ONCE = 16;
const SUPPLIES_AT_ONCE = 64;
/** As many as an honest complaint shows, and as long as evidence of a wrong share. */
const ITEMS = 8;
const ITEM_BYTES = 2_000;

type Messages = (lying: LyingNode, target: Target) => () => TaskMessageBody;

/** Commitments with counters that rise: bytes of which about half are points. */
export const commitments = flood((lying, { keyId }) => {
  const boot = fromHex(lying.boot) ?? new Uint8Array(0);
  let counter = 1_000_000n;
  return () => {
    const supplies = Array.from({ length: SUPPLIES_AT_ONCE }, (): Supply => {
      counter += 1n;
      const parts = [systemRandom.bytes(32), systemRandom.bytes(32)];
      return { nodeId: lying.id, boot, counter, parts };
    });
    return { message: { $case: 'freshSupplies', value: { keyId, version: 1, supplies } } };
  };
});

/** Complaints about the sessions that the sender has last heard of: every second one is signed. */
export const complaints = flood((lying) => {
  let sessionId = systemRandom.bytes(32);
  lying.liar.onHearing = (_, { message }) => {
    if (message?.$case === 'contribution' && message.value.envelope !== undefined)
      sessionId = message.value.envelope.sessionId;
  };
  const index = lying.genesis.members.findIndex(({ nodeId }) => nodeId === lying.id) + 1;
  let isSigned = false;
  return () => {
    isSigned = !isSigned;
    const items = Array.from({ length: ITEMS }, () => systemRandom.bytes(ITEM_BYTES));
    const body = encode(Complaint, { shown: { $case: 'evidence', value: { items } } });
    const signed = signEnvelope(lying.signer, sessionId, COMPLAINT_KIND, index, 0, body);
    const signature = systemRandom.bytes(64);
    const garbage = { ...signed, content: { $case: 'open' as const, value: { body, signature } } };
    return { message: { $case: 'envelope', value: isSigned ? signed : garbage } };
  };
});

function flood(messages: Messages): Flood {
  return {
    as: 'operator',
    byMember: true,
    run: (target, counts) => speak(messages, target, counts),
  };
}

async function speak(messages: Messages, target: Target, counts: FloodCounts): Promise<void> {
  const { memberFile } = target;
  if (memberFile === undefined) throw new Error('This flood is a member’s');
  const config = readConfig({ file: memberFile, workingFolder: dirname(memberFile) });
  await using lying = await LyingNode.open(config, config.peers);
  const { liar } = lying;
  // It does not stand for election: an election would be the flood's doing.
  liar.onSaying = (message) => (message.type === 'vote-request' ? [] : [message]);
  liar.start();
  const next = messages(lying, target);
  counts.connections = liar.peers.length;
  const end = performance.now() + target.ms;
  while (performance.now() < end) {
    for (let at = 0; at < MESSAGES_AT_ONCE; at++) {
      const message = next();
      for (const peer of liar.peers) liar.speak(peer, message);
      counts.streams += 1;
      counts.bytes += liar.peers.length * encodeTaskMessage(message).length;
    }
    await turn();
  }
}
