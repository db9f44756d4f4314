import { randomBytes } from 'node:crypto';
import { Client, status } from '@grpc/grpc-js';
import { utf8 } from '../../../src/common/index.js';
import {
  encode,
  HealthCheckRequest,
  ListKeysRequest,
  ListTasksRequest,
  SignRequest,
} from '../../../src/wire/index.js';
import { METHODS } from '../../inputs/table.js';
import { channelFor } from '../../unit/rpc/server-fixture.js';
import { repeatedly } from '../flood.js';
import type { Flood, FloodCounts, Target } from '../flood.js';

/* Floods of whole calls, by a client that never waits. */

/** Calls in flight: a hundred times those of the client beside it. */
export const CALLS_AT_ONCE = 100;
export const CALL_MS_MAX = 20_000;
const WATCH = '/grpc.health.v1.Health/Watch';
/** Of a name that is watched: what a call may carry. */
const NAME_BYTES = 30_000;

export const signing: Flood = {
  as: 'operator',
  isWork: true,
  run: calls(METHODS.sign, (target, count) =>
    encode(
      SignRequest,
      SignRequest.fromPartial({
        requestId: `flood-${process.pid}-${count}`,
        keyId: target.keyId,
        payload: { $case: 'message', value: utf8('flood') },
      }),
    ),
  ),
};

/** Calls that the sender's role forbids. */
export const forbidden: Flood = {
  as: 'auditor',
  run: calls(METHODS.sign, () => new Uint8Array(0)),
};

export const taskLists: Flood = {
  as: 'app',
  run: calls(METHODS.listTasks, () =>
    encode(ListTasksRequest, ListTasksRequest.fromPartial({ pageSize: 1_000 })),
  ),
};

export const keyLists: Flood = {
  as: 'app',
  run: calls(METHODS.listKeys, () =>
    encode(ListKeysRequest, ListKeysRequest.fromPartial({ pageSize: 1_000 })),
  ),
};

/** Health watches of random names, each cancelled when it is answered. */
export const watches: Flood = {
  as: 'app',
  run: async (target, counts) => {
    const client = clientOf(target, counts);
    await repeatedly(target, CALLS_AT_ONCE, async () => {
      counts.streams += 1;
      const service = randomBytes(NAME_BYTES / 2).toString('hex');
      const call = client.makeServerStreamRequest(
        WATCH,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes) => bytes,
        encode(HealthCheckRequest, { service }),
        { deadline: Date.now() + CALL_MS_MAX },
      );
      call.once('data', () => {
        counts.answered += 1;
        call.cancel();
      });
      call.on('error', () => undefined);
      const code = await new Promise((resolve) => call.on('status', (end) => resolve(end.code)));
      if (code === status.RESOURCE_EXHAUSTED) counts.refused += 1;
    });
    client.close();
  },
};

export function clientOf(target: Target, counts: FloodCounts): Client {
  counts.connections = 1;
  return new Client(target.address, channelFor(target.tls), {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.enable_retries': 0,
  });
}

/** Unary calls of one method, as fast as they are answered. */
function calls(
  method: string,
  request: (target: Target, count: number) => Uint8Array,
): Flood['run'] {
  return async (target, counts) => {
    const client = clientOf(target, counts);
    await repeatedly(target, CALLS_AT_ONCE, async () => {
      counts.streams += 1;
      const bytes = request(target, counts.streams);
      const code = await new Promise<status>((resolve) => {
        client.makeUnaryRequest(
          method,
          (each: Uint8Array) => Buffer.from(each),
          (each) => each,
          bytes,
          { deadline: Date.now() + CALL_MS_MAX },
          (error) => resolve(error?.code ?? status.OK),
        );
      });
      if (code === status.OK) counts.answered += 1;
      if (code === status.RESOURCE_EXHAUSTED) counts.refused += 1;
    });
    client.close();
  };
}
