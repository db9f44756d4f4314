import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { Stage } from './stage.js';

const { OK, PERMISSION_DENIED, INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE } = status;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

test('smoke', async () => {
  const app = await stage.as('app');
  const cluster = await app.call('/quorate.v1.ClusterService/GetCluster', new Uint8Array());
  expect(cluster).toMatchObject({ code: OK });
  const missing = await app.call('/quorate.v1.KeyService/GetKey', new Uint8Array());
  expect(missing).toMatchObject({ code: INVALID_ARGUMENT, field: 'key_id' });
  const health = await app.call('/grpc.health.v1.Health/Check', new Uint8Array());
  expect(health).toMatchObject({ code: OK });
  const tee = await stage.as('tee', 'node-2');
  expect(await tee.call('/quorate.v1.KeyService/GetKey', new Uint8Array())).toMatchObject({
    code: PERMISSION_DENIED,
  });
  expect([NOT_FOUND, UNAVAILABLE]).toHaveLength(2);
});
