import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import type { QuorateClient } from '../../src/client/index.js';
import { utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Role } from '../../src/identity/index.js';
import { encode, HealthCheckRequest, SignRequest } from '../../src/wire/index.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';
import { Caller, channelFor } from '../unit/rpc/server-fixture.js';

/* Attacks on a node by one certificate, or by none, while another client signs at the same node. */

jest.setTimeout(120_000);

/** Enough for a node, and not for the names of the watches beside it. */
const HEAP_MB = 64;
const WATCHES = 700;
const NAME_BYTES = 60_000;
const KEY = 'demo';

let cluster: ProcessCluster;
let node: NodeId;
let honest: QuorateClient;
beforeAll(async () => {
  cluster = await ProcessCluster.create(3);
  for (const each of cluster.nodes) cluster.start(each, [`--max-old-space-size=${HEAP_MB}`]);
  [node] = cluster.nodes as [NodeId];
  honest = cluster.client([node]);
  await eventually(
    'a key',
    () => honest.generateKey({ keyId: KEY, algorithm: 1, threshold: 2 }).then(() => true),
    60_000,
  );
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function mallory(role: Role): Promise<Caller> {
  const tls = await cluster.credentials(role, 'mallory');
  return new Caller(cluster.address(node), channelFor(tls));
}

let signed = 0;

/** Signs for as long as the attack goes on. @throws When a signature fails. */
async function besides<T>(attack: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  attack.then(end, end);
  do {
    signed += 1;
    const message = utf8('pay');
    await honest.sign({ keyId: KEY, requestId: `r-${signed}`, message }, { timeoutMs: 30_000 });
  } while (!ended.signal.aborted);
  return attack;
}

/** So many pieces of work, some at a time. */
async function severally(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

test('attack: cancelled watches of long random names do not end a node with little memory', async () => {
  const caller = await mallory('app');
  let told = 0;
  let isLost = false;
  const watch = async (): Promise<void> => {
    const call = caller.client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => bytes,
      encode(HealthCheckRequest, { service: randomBytes(NAME_BYTES / 2).toString('hex') }),
      { deadline: Date.now() + 30_000 },
    );
    call.once('data', () => {
      told += 1;
      call.cancel();
    });
    call.on('error', () => undefined);
    await new Promise((resolve) => call.once('status', resolve));
    isLost ||= cluster.troubles().length > 0;
    if (told < WATCHES && !isLost) await watch();
  };

  await besides(severally(16, watch));

  expect(told).toBeGreaterThanOrEqual(WATCHES);
  expect(cluster.troubles()).toEqual([]);
  caller.close();
});

test('attack: calls that a role forbids, and requests that are refused, are a few lines and cost their caller', async () => {
  const [auditor, app] = [await mallory('auditor'), await mallory('app')];
  const before = cluster.logLines(node).length;
  const codes = new Set<status>();
  const request = SignRequest.fromPartial({
    requestId: 'r',
    keyId: 'no-such-key',
    payload: { $case: 'message', value: utf8('mine') },
  });

  await besides(
    severally(1_500, async (at) => {
      const caller = at % 2 === 0 ? auditor : app;
      const seen = await caller.call(
        '/quorate.v1.SigningService/Sign',
        encode(SignRequest, request),
      );
      codes.add(seen.code);
    }),
  );

  expect(codes).toContain(status.PERMISSION_DENIED);
  expect(cluster.logLines(node).length - before).toBeLessThan(40);
  expect(cluster.troubles()).toEqual([]);
  auditor.close();
  app.close();
});

test('attack: handshakes without a certificate, from many addresses, leave the others theirs', async () => {
  const [host = '', port] = cluster.address(node).split(':');
  let answered = 0;

  await besides(
    severally(500, async (at) => {
      const localAddress = `127.0.2.${1 + (at % 200)}`;
      const socket = connectTls({
        socket: connect({ host, port: Number(port), localAddress }),
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
      });
      socket.on('error', () => undefined);
      socket.on('secureConnect', () => (answered += 1));
      await new Promise((resolve) => socket.once('close', resolve));
    }),
  );

  // A new connection from an address that is known is made at once.
  const again = await mallory('app');
  const request = encode(HealthCheckRequest, { service: '' });
  expect((await again.call('/grpc.health.v1.Health/Check', request)).code).toBe(status.OK);
  expect(answered).toBeGreaterThan(0);
  expect(cluster.troubles()).toEqual([]);
  again.close();
});
