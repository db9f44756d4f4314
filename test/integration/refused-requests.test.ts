import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { MethodDefinition } from '@grpc/grpc-js';
import { clusterId, utf8 } from '../../src/common/index.js';
import type { ClusterId, NodeId } from '../../src/common/index.js';
import type { QuorateClient } from '../../src/client/index.js';
import { issueCertificate } from '../../src/pki/index.js';
import type { TlsFiles } from '../../src/rpc/index.js';
import { encode, Request, SignRequest } from '../../src/wire/index.js';
import type { SignResponse } from '../../src/wire/index.js';
import { SigningServiceService } from '../../src/wire/services.js';
import { metadataOf, Requester } from '../support/builders/requester.js';
import { startCluster } from '../support/clusters/cluster.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { callOnce } from '../support/wire/cluster-call.js';

jest.setTimeout(90_000);

const DAY_MS = 86_400_000;
const method: MethodDefinition<SignRequest, SignResponse> = SigningServiceService.sign;
const GREEDY = 'spiffe://quorate/app/greedy';
/** The honest client's entries take so much at most; the attack's would take three times as much. */
const DISK_SLACK_BYTES = 4 * 1024 * 1024;

let cluster: TestCluster;
let honest: QuorateClient;
let id: ClusterId;
let greedy: { readonly by: Requester; readonly tls: TlsFiles };

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3, unsigned: false });
  honest = await cluster.client('app', { name: 'honest' });
  await honest.generateKey({ keyId: 'treasury', threshold: 2, allowedSigners: [GREEDY] });
  id = clusterId((await (await cluster.client('operator')).getCluster()).clusterId);
  const tls = await cluster.credentials('app', { name: 'greedy' });
  greedy = { tls, by: new Requester({ certificate: tls.cert, privateKey: tls.key }, GREEDY) };
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function asked(requestId: string, bytes: number): SignRequest {
  const payload = { $case: 'message', value: utf8('x'.repeat(bytes)) } as const;
  return SignRequest.fromPartial({ requestId, keyId: 'treasury', payload });
}

function signed(by: Requester, sent: SignRequest, aheadMs: number): ReturnType<Requester['sign']> {
  const request = encode(SignRequest, sent);
  const expireTimeMs = Date.now() + aheadMs;
  return by.sign({ clusterId: id, method: method.path, expireTimeMs, request });
}

/** The reason for which one call is refused at a node. */
async function refusal(
  node: NodeId,
  by: Requester,
  sent: SignRequest,
  ahead: number,
): Promise<string> {
  const metadata = metadataOf(signed(by, sent, ahead));
  const { address } = cluster.network.door(node);
  return callOnce(address, greedy.tls, method, sent, 10_000, metadata).then(
    () => 'signed',
    (error: unknown) => (error as { reason?: string }).reason ?? String(error),
  );
}

/** Runs an attack while an honest client signs, and measures what it left on disks and in the log. */
async function beside(attack: () => Promise<unknown>): Promise<{ entries: number; bytes: number }> {
  const disks = (): number => Math.max(...cluster.nodes.map((node) => cluster.diskBytes(node)));
  const [node] = await cluster.followers();
  const before = { entries: cluster.backend(node).status().commit, bytes: disks() };
  const over = new AbortController();
  const signing = (async () => {
    let count = 0;
    while (!over.signal.aborted || count < 3) {
      await honest.sign(
        { keyId: 'treasury', message: utf8(`pay ${count}`) },
        { timeoutMs: 10_000 },
      );
      count += 1;
    }
    return count;
  })();
  await attack().finally(() => over.abort());
  const own = await signing;
  const entries = cluster.backend(node).status().commit - before.entries;
  // Each honest signature is two entries; a second attempt, where the machine is slow, one more.
  return { entries: entries - 3 * own, bytes: disks() - before.bytes };
}

test('200 signed requests with an expiry in a day leave no entry and nothing on disk, and others are served', async () => {
  const reasons: string[] = [];
  const left = await beside(async () => {
    let next = 0;
    const sender = async (): Promise<void> => {
      for (let at = next++; at < 200; at = next++) {
        const node = cluster.nodes[at % 3] as NodeId;
        reasons.push(await refusal(node, greedy.by, asked(`day-${at}`, 60_000), DAY_MS));
      }
    };
    await Promise.all(Array.from({ length: 8 }, sender));
  });
  expect(new Set(reasons)).toEqual(new Set(['EXPIRY_TOO_FAR']));
  expect(reasons).toHaveLength(200);
  expect(left.entries).toBeLessThanOrEqual(0);
  expect(left.bytes).toBeLessThan(DISK_SLACK_BYTES);
});

test('requests by a certificate that is not valid yet leave no entry', async () => {
  const tomorrow = { role: 'app', name: 'greedy', dns: [], ips: [], days: 1 } as const;
  const authority = cluster.authority('requester');
  const credential = await issueCertificate(authority, tomorrow, Date.now() + DAY_MS);
  const early = new Requester(credential, GREEDY);
  const reasons: string[] = [];
  const left = await beside(async () => {
    for (const [at, node] of cluster.nodes.entries()) {
      reasons.push(await refusal(node, early, asked(`early-${at}`, 60_000), 60_000));
    }
  });
  expect(reasons).toEqual(Array(3).fill('CERTIFICATE_OUT_OF_DATE'));
  expect(left.entries).toBeLessThanOrEqual(0);
});

test('a member that forwards one expired request 1,000 times leaves no entry, and others are served', async () => {
  const [follower] = await cluster.followers();
  const { liar } = await cluster.corrupt(follower);
  liar.start();
  const leader = await cluster.leader();
  let told = 0;
  liar.onHearing = (_, { message }) => {
    if (message?.$case === 'forwardRefused') told += 1;
  };
  const sent = asked('expired', 1_000);
  const request = encode(Request, {
    method: method.path,
    request: encode(SignRequest, sent),
    authorization: { by: { $case: 'signed', value: signed(greedy.by, sent, -DAY_MS) } },
    firstAttempt: undefined,
  });
  const observed = cluster.nodes.find((node) => node !== follower) as NodeId;
  const before = cluster.backend(observed).status().commit;
  const client = await cluster.client('app', { name: 'honest', at: [leader] });
  for (let at = 0; at < 1000; at++) {
    liar.speak(leader, { message: { $case: 'forward', value: { request } } });
  }
  for (let at = 0; at < 3; at++) {
    await client.sign({ keyId: 'treasury', message: utf8(`beside ${at}`) }, { timeoutMs: 20_000 });
  }
  await eventually('the leader to have refused all of them', () => told >= 1000);
  expect(cluster.backend(leader).status().commit - before).toBeLessThan(50);
});
