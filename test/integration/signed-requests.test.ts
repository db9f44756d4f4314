import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { MethodDefinition } from '@grpc/grpc-js';
import { clusterId, nodeId, utf8 } from '../../src/common/index.js';
import type { ClusterId, NodeId } from '../../src/common/index.js';
import type { Role } from '../../src/identity/index.js';
import type { TlsFiles } from '../../src/rpc/index.js';
import { encode, SignRequest } from '../../src/wire/index.js';
import type { SignResponse } from '../../src/wire/index.js';
import { SigningServiceService } from '../../src/wire/services.js';
import { callOnce } from '../support/wire/cluster-call.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { metadataOf, Requester } from '../support/builders/requester.js';

jest.setTimeout(90_000);

const MINUTE_MS = 60_000;
const message = utf8('pay');
const method: MethodDefinition<SignRequest, SignResponse> = SigningServiceService.sign;

/** Calls that a client library would not make: what is signed, by whom, and who brings it are chosen one by one. */
class Caller {
  readonly #cluster: TestCluster;
  readonly #clusterId: ClusterId;
  #count = 0;

  private constructor(cluster: TestCluster, id: ClusterId) {
    this.#cluster = cluster;
    this.#clusterId = id;
  }

  static async of(cluster: TestCluster): Promise<Caller> {
    const operator = await cluster.client('operator');
    return new Caller(cluster, clusterId((await operator.getCluster()).clusterId));
  }

  async requester(role: Role, name: string): Promise<{ by: Requester; tls: TlsFiles }> {
    const tls = await this.#cluster.credentials(role, { name });
    const credential = { certificate: tls.cert, privateKey: tls.key };
    return { by: new Requester(credential, `spiffe://quorate/${role}/${name}`), tls };
  }

  request(keyId: string, requestId = `r-${(this.#count += 1)}`): SignRequest {
    return SignRequest.fromPartial({
      requestId,
      keyId,
      payload: { $case: 'message', value: message },
    });
  }

  async sign(
    how: {
      readonly by?: Requester;
      readonly tls: TlsFiles;
      readonly for?: ClusterId;
      readonly lifeMs?: number;
      readonly signed?: SignRequest;
      readonly sent: SignRequest;
    },
    node: NodeId = nodeId('node-1'),
  ): Promise<SignResponse> {
    const { by, tls, sent, signed = sent, lifeMs = MINUTE_MS } = how;
    const metadata =
      by &&
      metadataOf(
        by.sign({
          clusterId: how.for ?? this.#clusterId,
          method: method.path,
          expireTimeMs: Date.now() + lifeMs,
          request: encode(SignRequest, signed),
        }),
      );
    const { address } = this.#cluster.network.door(node);
    return callOnce(address, tls, method, sent, 10_000, metadata);
  }
}

describe('a cluster that takes signed requests only', () => {
  let cluster: TestCluster;
  let caller: Caller;
  let owner: { by: Requester; tls: TlsFiles };
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3, unsigned: false });
    caller = await Caller.of(cluster);
    owner = await caller.requester('app', 'owner');
    await (await cluster.client('app', { name: 'owner' })).generateKey({ keyId: 'treasury' });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  test('the cluster signs for every signed request, at any node, and the same request gets the same answer', async () => {
    const sent = caller.request('treasury');
    const answers = [];
    for (const node of cluster.nodes) answers.push(await caller.sign({ ...owner, sent }, node));

    expect(answers[0]?.signature).toHaveLength(64);
    expect(
      new Set(answers.map(({ signature }) => Buffer.from(signature).toString('hex'))).size,
    ).toBe(1);
  });

  test('55: a request without a signature, or signed for another cluster, is UNAUTHENTICATED', async () => {
    const sent = caller.request('treasury');
    const { tls } = owner;

    await expect(caller.sign({ tls, sent })).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'SIGNATURE_REQUIRED',
    });
    const other = clusterId('ab'.repeat(16));
    await expect(caller.sign({ ...owner, sent, for: other })).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'INVALID_SIGNATURE',
    });
  });

  test('55: a request other than the signed one is UNAUTHENTICATED', async () => {
    const sent = caller.request('treasury');
    const signed = { ...sent, payload: { $case: 'message', value: utf8('pay less') } } as const;

    await expect(caller.sign({ ...owner, sent, signed })).rejects.toMatchObject({
      reason: 'INVALID_SIGNATURE',
    });
  });

  test('55: an expired request is UNAUTHENTICATED, with the node’s time', async () => {
    const sent = caller.request('treasury');

    const signing = caller.sign({ ...owner, sent, lifeMs: -MINUTE_MS });

    const facts = { time_ms: expect.stringMatching(/^\d{13}$/) };
    await expect(signing).rejects.toMatchObject({ reason: 'REQUEST_EXPIRED', details: { facts } });
  });

  test('56: a client whose clock is an hour ahead gets the node’s time, and signs again by it', async () => {
    const sent = caller.request('treasury');
    const late = caller.sign({ ...owner, sent, lifeMs: 61 * MINUTE_MS });
    const refused: unknown = await late.catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: 'unauthenticated', reason: 'EXPIRY_TOO_FAR' });
    const { facts } = (refused as { details: { facts: Record<string, string> } }).details;
    const lifeMs = Number(facts['time_ms']) + MINUTE_MS - Date.now();
    expect((await caller.sign({ ...owner, sent, lifeMs })).signature).toHaveLength(64);
  });

  test('the signing certificate decides the requester, whichever client brings the request', async () => {
    const other = await caller.requester('app', 'other');
    const operator = await caller.requester('operator', 'alice');
    const auditor = await caller.requester('auditor', 'ann');

    // Another app brings what the owner signed, and gains nothing by its own name.
    const brought = await caller.sign({
      by: owner.by,
      tls: other.tls,
      sent: caller.request('treasury'),
    });
    expect(brought.signature).toHaveLength(64);
    const own = caller.sign({ ...other, sent: caller.request('treasury') });
    await expect(own).rejects.toMatchObject({ code: 'forbidden', reason: 'KEY_FORBIDDEN' });
    const borrowed = caller.sign({
      by: other.by,
      tls: owner.tls,
      sent: caller.request('treasury'),
    });
    await expect(borrowed).rejects.toMatchObject({ code: 'forbidden', reason: 'KEY_FORBIDDEN' });

    // The role table is for who calls, the log for who asks.
    const readers = caller.sign({
      by: operator.by,
      tls: auditor.tls,
      sent: caller.request('treasury'),
    });
    await expect(readers).rejects.toMatchObject({ reason: 'ROLE_NOT_PERMITTED' });
    const audited = caller.sign({
      by: auditor.by,
      tls: owner.tls,
      sent: caller.request('treasury'),
    });
    await expect(audited).rejects.toMatchObject({ reason: 'ROLE_FORBIDDEN' });
  });

  test('31: a client that may not sign with a key does not learn whether it exists', async () => {
    const other = await caller.requester('app', 'other');
    const operator = await caller.requester('operator', 'alice');
    const refusals = [];
    for (const keyId of ['treasury', 'nothing']) {
      const error: unknown = await caller
        .sign({ ...other, sent: caller.request(keyId) })
        .catch((caught: unknown) => caught);
      refusals.push(String(error).replace(keyId, 'KEY'));
    }

    expect(refusals[0]).toMatch('may not sign with key KEY');
    expect(refusals[1]).toBe(refusals[0]);
    const sent = caller.request('nothing');
    await expect(caller.sign({ ...operator, sent })).rejects.toMatchObject({
      code: 'not-found',
      reason: 'KEY_NOT_FOUND',
    });
  });
});

test('an operator alone ends unsigned requests: on every node, and after a restart', async () => {
  await using cluster = await startCluster({ nodes: 3 });
  const caller = await Caller.of(cluster);
  const app = await caller.requester('app', 'owner');
  const client = await cluster.client('app', { name: 'owner' });
  await client.generateKey({ keyId: 'treasury' });
  const vouched = (node: NodeId) =>
    caller.sign({ tls: app.tls, sent: caller.request('treasury') }, node);
  expect((await vouched(nodeId('node-1'))).signature).toHaveLength(64);

  const unsigned = await cluster.client('operator', { signer: 'none' });
  await expect(unsigned.requireSignatures()).rejects.toMatchObject({
    reason: 'SIGNATURE_REQUIRED',
  });
  await expect(client.requireSignatures()).rejects.toMatchObject({ reason: 'ROLE_NOT_PERMITTED' });
  const operator = await cluster.client('operator');
  const task = await operator.requireSignatures({ requestId: 'lock' });
  expect(await operator.requireSignatures({ requestId: 'lock' })).toBe(task);

  const [follower] = await cluster.followers();
  await cluster.kill(follower);
  await cluster.restart(follower);
  for (const node of cluster.nodes) {
    const reader = await cluster.client('operator', { at: [node] });
    // A read that is confirmed brings the node up to the entry.
    await reader.listKeys();
    expect((await reader.getCluster()).unsignedRequests).toBe(false);
    await expect(vouched(node)).rejects.toMatchObject({ reason: 'SIGNATURE_REQUIRED' });
  }
  expect((await client.sign({ keyId: 'treasury', message })).signature).toHaveLength(64);
  expect((await operator.getTask(task)).outcome?.$case).toBe('signaturesRequired');
});
