import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { equal, nodeId } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Channel, Network } from '../../src/ports/index.js';
import { encode, encodeTaskMessage, RaftMessage } from '../../src/wire/index.js';

export const [SENDER, RECEIVER, STRANGER] = ['node-1', 'node-2', 'node-9'].map(nodeId) as [
  NodeId,
  NodeId,
  NodeId,
];

export type Received = {
  readonly from: NodeId;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
};

/** Two nodes that are connected, and lose nothing unless they are cut off. */
export type NetworkPlace = {
  /** The sender's. */
  readonly network: Network;
  /** What the receiver has got so far. */
  readonly received: readonly Received[];
  /** Waits until the receiver has got `count` messages. */
  arrived(count: number): Promise<void>;
  /** Ends the connection for good, and waits until the sender knows. */
  cut(): Promise<void>;
  close(): Promise<void>;
};

const raft = (term: bigint): Uint8Array =>
  encode(
    RaftMessage,
    RaftMessage.fromPartial({
      level: 1,
      from: SENDER,
      to: RECEIVER,
      term,
      message: { $case: 'readRequest', value: { readId: term } },
    }),
  );
const taskMessage = (size: number): Uint8Array =>
  encodeTaskMessage({
    message: { $case: 'forward', value: { request: new Uint8Array(size).fill(size) } },
  });

/** What every Network does. It may lose, repeat and reorder; on a good day it need not. */
export function networkSuite(name: string, makePlace: () => Promise<NetworkPlace>): void {
  describe(`network: ${name}`, () => {
    let place: NetworkPlace;
    beforeEach(async () => {
      place = await makePlace();
    });
    afterEach(() => place.close());

    test('the network delivers messages of both channels unchanged, in the name of their sender', async () => {
      const sent: (readonly [Channel, Uint8Array])[] = [
        ['raft', raft(1n)],
        ['tasks', taskMessage(0)],
        ['tasks', taskMessage(70_000)],
        ['raft', raft(2n)],
      ];
      for (const [channel, bytes] of sent) place.network.send(RECEIVER, channel, bytes);

      await place.arrived(sent.length);

      for (const [channel, bytes] of sent) {
        const found = place.received.filter(
          (each) => each.channel === channel && equal(each.bytes, bytes),
        );
        expect(found.map(({ from }) => from)).toEqual([SENDER]);
      }
    });

    test('the network drops messages to unknown nodes and to itself', async () => {
      expect(() => place.network.send(STRANGER, 'tasks', taskMessage(1))).not.toThrow();
      expect(() => place.network.send(SENDER, 'tasks', taskMessage(2))).not.toThrow();
      place.network.send(RECEIVER, 'tasks', taskMessage(3));
      await place.arrived(1);
      expect(place.received).toHaveLength(1);
    });

    test('the network drops messages without a connection, and neither throws nor waits', async () => {
      await place.cut();
      for (let at = 0; at < 100; at++) {
        expect(place.network.send(RECEIVER, 'raft', raft(BigInt(at + 1)))).toBeUndefined();
      }
      expect(place.received).toEqual([]);
    });
  });
}
