import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, status } from '@grpc/grpc-js';
import type { ClientDuplexStream, StatusObject } from '@grpc/grpc-js';
import { randomBytes } from 'node:crypto';
import { equal, nodeId } from '../../../src/common/index.js';
import type { Boot, NodeId, Rate } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import type { Channel, LogFields, NetworkListener } from '../../../src/ports/index.js';
import { createPeerServer, PeerNetwork } from '../../../src/rpc/index.js';
import type { PeerServer } from '../../../src/rpc/index.js';
import { packFrame, unpackFrame, wrapHello } from '../../../src/rpc/peers/frame.js';
import {
  FRAME_BYTES_MAX,
  FRAME_MESSAGES_MAX,
  PEER_MESSAGE_BYTES_MAX,
  QUEUED_BYTES_MAX,
  QUEUED_MESSAGES_MAX,
  RIDING_BYTES_MAX,
  TASKS_MESSAGE_COSTS_BYTES,
} from '../../../src/rpc/limits.js';
import {
  encode,
  encodeTaskMessage,
  Hello,
  RaftMessage,
  RaftRequest,
  TaskMessage,
  TasksRequest,
} from '../../../src/wire/index.js';
import type { LevelWord } from '../../../src/wire/index.js';
import {
  authorities,
  channelFor,
  genesisFor,
  MemoryLogger,
  NODES,
  selfOf,
  tlsFor,
  until,
} from './server-fixture.js';
import type { Authorities } from './server-fixture.js';

/** What a node was told, in order. */
class Told implements NetworkListener {
  readonly received: { from: NodeId; channel: Channel; bytes: Uint8Array }[] = [];
  readonly events: string[] = [];
  readonly builds: LevelWord[] = [];
  readonly above: (number | undefined)[] = [];
  level = 1;

  admits(_peer: NodeId, level: number | undefined): boolean {
    if (level === undefined || level <= this.level) return true;
    this.above.push(level);
    return false;
  }

  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void {
    this.received.push({ from, channel, bytes });
  }
  connected(peer: NodeId, boot: Boot, build?: LevelWord): void {
    if (build !== undefined) this.builds.push(build);
    this.events.push(`connected ${peer} ${Number.parseInt(boot, 16)}`);
  }
  disconnected(peer: NodeId): void {
    this.events.push(`disconnected ${peer}`);
  }
}

const [ONE, TWO, THREE] = NODES.map(nodeId) as [NodeId, NodeId, NodeId];
const closing: (() => unknown)[] = [];
let both: Authorities;
let genesis: Genesis;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function openServer(
  node: NodeId,
  boot: number,
  listen = '127.0.0.1:0',
  tasksBytes?: Rate,
  level = BUILD_LEVEL,
): Promise<{ server: PeerServer; address: string; told: Told; logger: MemoryLogger }> {
  const told = new Told();
  const logger = new MemoryLogger();
  const server = createPeerServer({
    listen,
    tls: await tlsFor(both, 'tee', node),
    genesis,
    self: { ...selfOf(node, boot), build: { ...selfOf(node, boot).build, level } },
    replica: told,
    logger,
    ...(tasksBytes !== undefined && { tasksBytes }),
  });
  const address = await server.listen();
  closing.push(() => server.stop());
  return { server, address, told, logger };
}

async function openNetwork(
  node: NodeId,
  boot: number,
  addresses: readonly (readonly [NodeId, string])[],
): Promise<{ network: PeerNetwork; told: Told; logger: MemoryLogger }> {
  const told = new Told();
  const logger = new MemoryLogger();
  const network = new PeerNetwork({
    genesis,
    self: selfOf(node, boot),
    tls: await tlsFor(both, 'tee', node),
    addresses: new Map(addresses),
    logger,
  });
  network.start(told);
  closing.push(() => network.stop());
  return { network, told, logger };
}

function raftFrom(from: string, size = 0): Uint8Array {
  return encode(
    RaftMessage,
    RaftMessage.fromPartial({
      level: 1,
      from,
      to: TWO,
      term: 3n,
      message: {
        $case: 'append',
        value: { entries: [{ index: 1n, payload: new Uint8Array(size) }] },
      },
    }),
  );
}
const taskMessage = (size: number): Uint8Array =>
  encodeTaskMessage({
    message: { $case: 'forward', value: { request: new Uint8Array(randomBytes(size)) } },
  });

test('a member that sends more about tasks than its budget waits, and no other does', async () => {
  // Ten messages at once, and then as good as none.
  const ofTen = { perSecond: 1, burst: 10 * (8_000 + TASKS_MESSAGE_COSTS_BYTES) };
  const two = await openServer(TWO, 2, '127.0.0.1:0', ofTen);
  const { network, told } = await openNetwork(ONE, 1, [[TWO, two.address]]);
  const other = await openNetwork(THREE, 3, [[TWO, two.address]]);
  await until(() => told.events.length === 1 && network.counts(TWO, 'raft').open);
  await until(() => other.told.events.length === 1);

  for (let at = 0; at < 500; at++) network.send(TWO, 'tasks', taskMessage(8_000));
  const heard = (from: NodeId, channel: Channel) =>
    two.told.received.filter((each) => each.from === from && each.channel === channel).length;
  await until(() => heard(ONE, 'tasks') >= 10);
  // Sent later, by another member and on another channel: both come through.
  other.network.send(TWO, 'tasks', taskMessage(8_000));
  network.send(TWO, 'raft', raftFrom(ONE));
  await until(() => heard(THREE, 'tasks') === 1 && heard(ONE, 'raft') === 1);
  // The frame with which the budget is used up is read to its end.
  const inFrame = Math.floor(FRAME_BYTES_MAX / 8_000);
  expect(heard(ONE, 'tasks')).toBeLessThan(11 + inFrame);
});

test('a member that waited for its budget is read again when it has some', async () => {
  const two = await openServer(TWO, 2, '127.0.0.1:0', { perSecond: 1_000_000, burst: 20_000 });
  const { network, told } = await openNetwork(ONE, 1, [[TWO, two.address]]);
  await until(() => told.events.length === 1);
  for (let at = 0; at < 20; at++) network.send(TWO, 'tasks', taskMessage(8_000));
  await until(() => two.told.received.length === 20);
  expect(network.counts(TWO, 'tasks')).toMatchObject({ open: true, dropped: 0 });
});

describe('two nodes', () => {
  test('two nodes exchange hellos, then messages of both channels unchanged', async () => {
    const two = await openServer(TWO, 2);
    const { network, told } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await until(() => told.events.length === 1 && network.counts(TWO, 'raft').open);
    expect(told.events).toEqual(['connected node-2 2']);

    const sent = [
      raftFrom(ONE),
      taskMessage(5),
      taskMessage(0),
      taskMessage(200),
      taskMessage(70_000),
    ];
    network.send(TWO, 'raft', sent[0] ?? new Uint8Array());
    for (const bytes of sent.slice(1)) network.send(TWO, 'tasks', bytes);

    await until(() => two.told.received.length === sent.length);
    const got = two.told.received;
    expect(got.every(({ from }) => from === ONE)).toBe(true);
    expect(got.filter(({ channel }) => channel === 'raft')).toHaveLength(1);
    for (const bytes of sent) expect(got.some((each) => equal(each.bytes, bytes))).toBe(true);
    expect(got.every(({ bytes }) => Object.getPrototypeOf(bytes) === Uint8Array.prototype)).toBe(
      true,
    );
  });

  test('a node sends messages up to the size limit, and drops larger ones', async () => {
    const two = await openServer(TWO, 2);
    const { network, logger } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await until(() => network.counts(TWO, 'tasks').open);

    network.send(TWO, 'tasks', new Uint8Array(PEER_MESSAGE_BYTES_MAX + 1));
    network.send(TWO, 'tasks', new Uint8Array(PEER_MESSAGE_BYTES_MAX));

    await until(() => two.told.received.length === 1);
    expect(two.told.received[0]?.bytes).toHaveLength(PEER_MESSAGE_BYTES_MAX);
    expect(network.counts(TWO, 'tasks')).toMatchObject({ open: true, sent: 1, dropped: 1 });
    expect(logger.lines.filter(({ level }) => level === 'alarm')).toHaveLength(1);
  });

  test('a restarted node is found again, and its peers learn of the new process', async () => {
    const first = await openServer(TWO, 2);
    const { network, told } = await openNetwork(ONE, 1, [[TWO, first.address]]);
    await until(() => told.events.length === 1 && network.counts(TWO, 'raft').open);

    await first.server.stop();
    await until(() => told.events.length === 2);
    network.send(TWO, 'tasks', taskMessage(1));
    const second = await openServer(TWO, 22, first.address);
    await until(() => told.events.length === 3 && network.counts(TWO, 'raft').open);
    network.send(TWO, 'raft', raftFrom(ONE));
    await until(() => second.told.received.length === 1);

    expect(told.events).toEqual([
      'connected node-2 2',
      'disconnected node-2',
      'connected node-2 22',
    ]);
    expect(network.counts(TWO, 'tasks').dropped).toBe(1);
  });

  test('a node learns of a peer’s new process from its hello, before its own stream ends', async () => {
    const two = await openServer(TWO, 2);
    const before = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await until(() => before.told.events.length === 1);
    expect(two.told.events).toEqual([]);

    const after = await openNetwork(ONE, 11, [[TWO, two.address]]);
    await until(() => after.told.events.length === 1);

    await until(() => two.told.events.includes('connected node-1 11'));
  });
});

test('a node dials an unreachable peer until it answers', async () => {
  const place = await openServer(TWO, 2);
  await place.server.stop();
  const { told } = await openNetwork(ONE, 1, [[TWO, place.address]]);

  await openServer(TWO, 3, place.address);

  await until(() => told.events.length === 1);
  expect(told.events).toEqual(['connected node-2 3']);
});

test('a node does not talk to another node at a peer’s address', async () => {
  const three = await openServer(THREE, 3);
  const { network, told, logger } = await openNetwork(ONE, 1, [[TWO, three.address]]);

  await until(() => logger.lines.some(({ message }) => message.startsWith('Another node')));
  network.send(TWO, 'tasks', taskMessage(1));

  expect(told.events).toEqual([]);
  expect(three.told.received).toEqual([]);
  expect(network.counts(TWO, 'tasks')).toMatchObject({ open: false, dropped: 1 });
});

test('messages that do not fit into the queue are dropped, the newest first', async () => {
  const two = await openServer(TWO, 2);
  const { network } = await openNetwork(ONE, 1, [[TWO, two.address]]);
  await until(() => network.counts(TWO, 'tasks').open);

  // All in one turn of the event loop: nothing leaves the process meanwhile.
  const size = PEER_MESSAGE_BYTES_MAX / 4;
  const count = Math.ceil(QUEUED_BYTES_MAX / size) * 3;
  for (let at = 0; at < count; at++) {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(0, at);
    network.send(TWO, 'tasks', bytes);
  }
  const { dropped } = network.counts(TWO, 'tasks');
  expect(dropped).toBeGreaterThan(0);
  expect(count - dropped).toBeLessThanOrEqual(QUEUED_MESSAGES_MAX);

  await until(() => two.told.received.length === count - dropped);

  const order = two.told.received.map(({ bytes }) =>
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(0),
  );
  expect(order).toEqual(Array.from({ length: count - dropped }, (_, at) => at));
});

/** A message whose form only a build of that level knows. */
const later = (level: number): Uint8Array => Uint8Array.of(0x08, level, 0xfa, 0x01, 0x00);

describe('messages above the cluster’s level', () => {
  test('a message above the cluster’s level is dropped and counted, and the stream goes on', async () => {
    const two = await openServer(TWO, 2);
    const { stream, answers } = await openStream(two.address, 'Raft');

    stream.write(hello());
    stream.write(frameOf(later(2)));
    stream.write(frameOf(raftFrom(ONE)));

    await until(() => two.told.received.length === 1);
    expect(two.told.above).toEqual([2]);
    expect(answers).toHaveLength(1);
  });

  test('a hello above the cluster’s level leaves the stream waiting for a readable hello', async () => {
    const two = await openServer(TWO, 2);
    const { stream, answers } = await openStream(two.address, 'Tasks');

    stream.write(Buffer.from([0x0a, 5, ...later(3)]));
    stream.write(hello());
    stream.write(frameOf(taskMessage(1)));

    await until(() => two.told.received.length === 1);
    expect(two.told.above).toEqual([3]);
    expect(answers).toHaveLength(1);
  });

  test('a message of a higher level is read where the cluster has that level', async () => {
    const two = await openServer(TWO, 2);
    two.told.level = 2;
    const { stream } = await openStream(two.address, 'Tasks');

    stream.write(hello());
    stream.write(frameOf(later(2)));

    await until(() => two.told.received.length === 1);
    expect(two.told.above).toEqual([]);
  });
});

test('a peer’s hello says its build', async () => {
  const two = await openServer(TWO, 2);
  const { told } = await openNetwork(ONE, 1, [[TWO, two.address]]);

  await until(() => told.events.length === 1);

  expect(told.builds).toEqual([selfOf(TWO, 2).build]);
});

describe('the server ends a peer’s stream', () => {
  test.each([
    ['another cluster', { clusterId: '0'.repeat(32) }],
    ['another node than the certificate', { nodeId: THREE }],
    ['another incarnation', { incarnation: 2 }],
    ['no level', { level: 0 }],
    ['a short boot', { boot: new Uint8Array(15) }],
  ])('a peer’s stream whose hello names %s ends with PERMISSION_DENIED', async (_, changes) => {
    const two = await openServer(TWO, 2);
    const { stream, ended, answers } = await openStream(two.address, 'Tasks');

    stream.write(hello(changes));
    stream.write(frameOf(taskMessage(1)));

    expect(await ended).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(answers).toEqual([]);
    expect(two.told.received).toEqual([]);
  });

  test('25: a peer’s stream with a message in another node’s name ends with PERMISSION_DENIED', async () => {
    const two = await openServer(TWO, 2);
    const { stream, ended } = await openStream(two.address, 'Raft');

    stream.write(hello());
    stream.write(frameOf(raftFrom(ONE)));
    stream.write(frameOf(raftFrom(THREE)));
    stream.write(frameOf(raftFrom(ONE)));

    expect(await ended).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(two.told.received).toHaveLength(1);
  });

  test.each([
    ['begins without a hello', [frameOf(new Uint8Array(3))]],
    ['says hello twice', ['hello', 'hello']],
    ['holds bytes that are no request', ['hello', Uint8Array.of(0x12, 5, 1)]],
    ['spells a length in a longer way', ['hello', Uint8Array.of(0x12, 0x81, 0x00, 1)]],
    ['holds an empty request', ['hello', new Uint8Array(0)]],
  ])('a peer’s stream that %s ends with INVALID_ARGUMENT', async (_, frames) => {
    const two = await openServer(TWO, 2);
    const { stream, ended } = await openStream(two.address, 'Tasks');

    for (const frame of frames) stream.write(typeof frame === 'string' ? hello() : frame);

    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(two.told.received).toEqual([]);
  });

  test('a peer’s stream with a message over the size limit ends with RESOURCE_EXHAUSTED', async () => {
    const two = await openServer(TWO, 2);
    const { stream, ended } = await openStream(two.address, 'Tasks');

    stream.write(hello());
    stream.write(frameOf(new Uint8Array(PEER_MESSAGE_BYTES_MAX + 20)));

    expect(await ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  test('a peer’s stream ends with ABORTED when the same node opens a newer one', async () => {
    const two = await openServer(TWO, 2);
    const older = await openStream(two.address, 'Tasks');
    older.stream.write(hello());
    await until(() => older.answers.length === 1);
    const newer = await openStream(two.address, 'Tasks');

    newer.stream.write(hello());

    expect(await older.ended).toMatchObject({ code: status.ABORTED });
    newer.stream.write(frameOf(taskMessage(1)));
    await until(() => two.told.received.length === 1);
  });

  test('two processes with one identity that take each other’s streams are one line of their own', async () => {
    const two = await openServer(TWO, 2);
    await openNetwork(ONE, 1, [[TWO, two.address]]);
    await openNetwork(ONE, 11, [[TWO, two.address]]);

    await until(() => two.told.events.length >= 4);

    const warnings = two.logger.lines.filter(({ level }) => level === 'warn');
    const twins = warnings.filter(({ message }) => message === 'Two processes run as one node');
    expect(twins).toHaveLength(1);
    const fields: LogFields = { ...twins[0]?.fields };
    expect(new Set([fields['boot'], fields['other_boot']])).toEqual(
      new Set(['00000001', '0000000b']),
    );
    expect(fields['peer']).toBe(ONE);
    for (const address of [fields['address'], fields['other_address']]) {
      expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    }
    expect(warnings.length).toBeLessThanOrEqual(2);
  });

  test('streams that a peer makes end are one line of the log, whatever their count', async () => {
    const two = await openServer(TWO, 2);

    for (let count = 0; count < 20; count++) {
      const { stream, ended } = await openStream(two.address, 'Tasks');
      stream.write(frameOf(new Uint8Array(3)));
      await ended;
    }

    const lines = two.logger.lines.filter(({ message }) => message === 'Ended a stream');
    expect(lines).toMatchObject([{ level: 'warn', fields: { peer: 'node-1', channel: 'tasks' } }]);
  });

  test.each([
    ['26: an app', { role: 'app', name: 'app' }],
    ['a node that is no member', { role: 'tee', name: 'node-9' }],
    ['a member in another role', { role: 'mesh', name: 'node-1' }],
    ['this node itself', { role: 'tee', name: 'node-2' }],
  ] as const)('a peer’s stream of %s ends at once with PERMISSION_DENIED', async (_, as) => {
    const two = await openServer(TWO, 2);
    const { stream, ended } = await openStream(two.address, 'Tasks', as);

    stream.write(hello({ nodeId: as.name }));
    stream.write(frameOf(taskMessage(1)));

    expect(await ended).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(two.told).toMatchObject({ received: [], events: [] });
  });

  test('a peer’s stream to a node without a replica ends with UNAVAILABLE', async () => {
    const server = createPeerServer({
      listen: '127.0.0.1:0',
      tls: await tlsFor(both, 'tee', TWO),
      genesis,
      self: selfOf(TWO, 2),
      logger: new MemoryLogger(),
    });
    closing.push(() => server.stop());
    const { stream, ended } = await openStream(await server.listen(), 'Tasks');
    stream.write(hello());
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('the frame codec of peer streams', () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, PEER_MESSAGE_BYTES_MAX])(
    'a frame of %i bytes decodes to the bytes that were encoded',
    (size) => {
      const message = new Uint8Array(randomBytes(size));
      expect(unpackFrame(frameOf(message), 'tasks')).toEqual({ own: [message], riding: [] });
    },
  );

  test('frames have the bytes of the generated codec', () => {
    const raft = [1n, 2n].map((readId) =>
      RaftMessage.fromPartial({
        level: 1,
        from: ONE,
        message: { $case: 'readRequest', value: { readId } },
      }),
    );
    const task = TaskMessage.fromPartial({
      level: 1,
      message: { $case: 'wantSupplies', value: { keyId: 'k' } },
    });
    const own = raft.map((each) => encode(RaftMessage, each));
    const riding = [encode(TaskMessage, task)];
    const frame = new Uint8Array(packFrame({ own, riding }));
    expect(frame).toEqual(encode(RaftRequest, { hello: undefined, messages: raft, tasks: [task] }));
    expect(unpackFrame(frame, 'raft')).toEqual({ own, riding });

    const greeting = Hello.fromPartial({ clusterId: 'c', nodeId: 'n', incarnation: 1 });
    const request = { hello: greeting, messages: [] };
    expect(new Uint8Array(wrapHello(greeting))).toEqual(encode(TasksRequest, request));
    expect(encode(TasksRequest, request)).toEqual(encode(RaftRequest, { ...request, tasks: [] }));
  });

  test.each([
    ['no message', []],
    ['only messages that ride', [0x1a, 1, 7]],
    ['a message behind one that rides', [0x12, 1, 7, 0x1a, 1, 7, 0x12, 1, 7]],
    ['a hello behind a message', [0x12, 1, 7, 0x0a, 1, 7]],
    ['a length in a longer spelling', [0x12, 0x81, 0x00, 7]],
    ['a length beyond its end', [0x12, 2, 7]],
    ['a length of five bytes', [0x12, 0x80, 0x80, 0x80, 0x80, 0x01, 7]],
    ['no length', [0x12]],
    ['a byte more', [0x12, 1, 7, 0]],
    ['more messages than are read in one step', many(FRAME_MESSAGES_MAX + 1)],
  ])('a frame with %s is refused', (_, bytes) => {
    expect(unpackFrame(Uint8Array.from(bytes), 'raft')).toBeUndefined();
  });

  test('a frame of as many messages as are read in one step is read; none rides on the stream of tasks', () => {
    const full = Uint8Array.from(many(FRAME_MESSAGES_MAX));
    expect(unpackFrame(full, 'tasks')?.own).toHaveLength(FRAME_MESSAGES_MAX);
    const riding = Uint8Array.from([0x12, 1, 7, 0x1a, 1, 7]);
    expect(unpackFrame(riding, 'raft')?.riding).toHaveLength(1);
    expect(unpackFrame(riding, 'tasks')).toBeUndefined();
  });
});

function many(count: number): number[] {
  return Array.from({ length: count }, () => [0x12, 1, 7]).flat();
}

describe('frames of one turn', () => {
  test('messages that one turn of the loop sends to a peer on both channels travel in one frame', async () => {
    const two = await openServer(TWO, 2);
    const { network } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await isOpenTo(network);
    const before = network.traffic();

    const raft = [raftFrom(ONE), raftFrom(ONE, 9)];
    const tasks = [taskMessage(5), taskMessage(200)];
    for (const at of [0, 1]) {
      network.send(TWO, 'tasks', tasks[at] ?? new Uint8Array());
      network.send(TWO, 'raft', raft[at] ?? new Uint8Array());
    }

    await until(() => two.told.received.length === 4);
    expect(two.told.received).toEqual([
      ...raft.map((bytes) => ({ from: ONE, channel: 'raft', bytes })),
      ...tasks.map((bytes) => ({ from: ONE, channel: 'tasks', bytes })),
    ]);
    const after = network.traffic();
    expect(after.frames - before.frames).toBe(1);
    expect(after.messages - before.messages).toBe(4);
    expect(network.counts(TWO, 'tasks')).toMatchObject({ sent: 2, dropped: 0 });
  });

  test('messages of tasks that would keep consensus waiting take their own stream', async () => {
    const two = await openServer(TWO, 2);
    const { network } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await isOpenTo(network);
    const frames = () => (['raft', 'tasks'] as const).map((of) => network.counts(TWO, of).frames);
    const [raft = 0, tasks = 0] = frames();

    network.send(TWO, 'raft', raftFrom(ONE));
    network.send(TWO, 'tasks', taskMessage(RIDING_BYTES_MAX));
    await until(() => two.told.received.length === 2);
    expect(frames()).toEqual([raft + 1, tasks + 1]);
  });

  test('more than one frame holds is sent in several, in order', async () => {
    const two = await openServer(TWO, 2);
    const { network } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await isOpenTo(network);
    const sizes = [...Array.from({ length: 100 }, (_, at) => at), 200_000, 200_000, 1];
    const sent = sizes.map((size) => taskMessage(size));
    const before = network.traffic();

    for (const bytes of sent) network.send(TWO, 'tasks', bytes);
    await until(() => two.told.received.length === sent.length);
    expect(two.told.received.every(({ bytes }, at) => equal(bytes, sent[at] ?? bytes))).toBe(true);
    expect(network.traffic().frames - before.frames).toBe(3);
  });

  test('a peer of an earlier build gets one message in each frame, of each channel on its own stream', async () => {
    const two = await openServer(TWO, 2, '127.0.0.1:0', undefined, 2);
    const { network } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await isOpenTo(network);
    const before = network.traffic();

    for (const size of [1, 2, 3]) {
      network.send(TWO, 'raft', raftFrom(ONE, size));
      network.send(TWO, 'tasks', taskMessage(size));
    }
    await until(() => two.told.received.length === 6);
    expect(network.traffic().frames - before.frames).toBe(6);
    expect(network.counts(TWO, 'raft').sent).toBe(3);
  });

  test('a message that rides above a member’s budget is dropped, and consensus goes on', async () => {
    // Five short messages at once, and then as good as none.
    const ofFive = { perSecond: 0.001, burst: 5 * (100 + TASKS_MESSAGE_COSTS_BYTES) };
    const two = await openServer(TWO, 2, '127.0.0.1:0', ofFive);
    const { network } = await openNetwork(ONE, 1, [[TWO, two.address]]);
    await isOpenTo(network);
    const heard = (channel: Channel) =>
      two.told.received.filter((each) => each.channel === channel).length;

    for (let at = 1; at <= 20; at++) {
      network.send(TWO, 'raft', raftFrom(ONE));
      network.send(TWO, 'tasks', taskMessage(50));
      await until(() => heard('raft') === at);
    }
    expect(heard('tasks')).toBe(5);
    expect(network.counts(TWO, 'raft').open).toBe(true);
  });

  test('a message in another node’s name ends the frame that it is in', async () => {
    const two = await openServer(TWO, 2);
    const { stream, ended } = await openStream(two.address, 'Raft');
    stream.write(hello());
    const own = [raftFrom(ONE), raftFrom(THREE), raftFrom(ONE)];
    stream.write(packFrame({ own, riding: [taskMessage(1)] }));

    expect(await ended).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(two.told.received).toHaveLength(1);
  });
});

async function isOpenTo(network: PeerNetwork): Promise<void> {
  await until(() => network.counts(TWO, 'raft').open && network.counts(TWO, 'tasks').open);
}

function frameOf(message: Uint8Array): Buffer {
  return packFrame({ own: [message], riding: [] });
}

/** A stream as a peer of any certificate would open it. */
type Opened = {
  stream: ClientDuplexStream<Uint8Array, Uint8Array>;
  ended: Promise<StatusObject>;
  answers: Uint8Array[];
};

async function openStream(
  address: string,
  channel: 'Raft' | 'Tasks',
  as: { role?: 'tee' | 'app' | 'mesh'; name?: string } = {},
): Promise<Opened> {
  const tls = await tlsFor(both, as.role ?? 'tee', as.name ?? ONE);
  const client = new Client(address, channelFor(tls), {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.use_local_subchannel_pool': 1,
  });
  closing.push(() => client.close());
  const stream = client.makeBidiStreamRequest(
    `/quorate.peer.v1.PeerService/${channel}`,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => new Uint8Array(bytes),
    { deadline: Date.now() + 5_000 },
  );
  const answers: Uint8Array[] = [];
  stream.on('data', (bytes: Uint8Array) => answers.push(bytes));
  stream.on('error', () => undefined);
  const ended = new Promise<StatusObject>((resolve) => stream.on('status', resolve));
  return { stream, ended, answers };
}

function hello(changes: Partial<Hello> = {}): Uint8Array {
  return wrapHello({
    level: 1,
    clusterId: genesis.clusterId,
    nodeId: ONE,
    incarnation: 1,
    boot: new Uint8Array(16),
    buildLevel: 1,
    buildSignature: new Uint8Array(64),
    ...changes,
  });
}
