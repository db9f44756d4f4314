import { beforeAll, expect, jest, test } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { QuorateClient } from '../../src/client/index.js';
import type { ConnectOptions, JudgedKey } from '../../src/client/index.js';
import { nodeId } from '../../src/common/index.js';
import { parseGenesis, REQUEST_METADATA, splitChain } from '../../src/identity/index.js';
import { createAuthority } from '../../src/pki/index.js';
import type { Credential } from '../../src/pki/index.js';
import { METHODS } from '../../src/state/index.js';
import {
  encode,
  GenerateKeyRequest,
  GenerateKeyResponse,
  GetKeyResponse,
  SignRequest,
  SignResponse,
} from '../../src/wire/index.js';
import type { Key } from '../../src/wire/index.js';
import { startCluster } from '../support/clusters/cluster.js';
import type { TestCluster } from '../support/clusters/cluster.js';
import { asking, certify } from '../support/adversary/collusion.js';
import type { Asked, Collusion } from '../support/adversary/collusion.js';
import { falseKeys, trueKeys } from '../support/adversary/false-keys.js';
import type { FalseKey } from '../support/adversary/false-keys.js';
import { ScriptedNode } from '../support/adversary/scripted-node.js';
import type { Received } from '../support/adversary/scripted-node.js';

/**
 * Attack 23: two of three nodes answer a client with a key of their own. They have their real identity keys and
 * certificates, a key that the third made with them, and whatever the client sends them; the client has its cluster file.
 */
jest.setTimeout(240_000);

const message = new Uint8Array([1, 2, 3]);
const HONEST_REQUEST = GenerateKeyRequest.decode(asking());

const ownKey = generateKeyPairSync('ed25519');
const { x = '' } = ownKey.publicKey.export({ format: 'jwk' });
const ownPublicKey = new Uint8Array(Buffer.from(x, 'base64url'));

async function credential(
  cluster: TestCluster,
  name: string,
  authority?: Credential,
): Promise<Credential> {
  const { cert, key } = await cluster.credentials('app', {
    name,
    ...(authority === undefined ? {} : { authority }),
  });
  return { certificate: cert, privateKey: key };
}

type Loot = Collusion & { readonly ca: string };

/** The victim uses the cluster while it is honest; then two of its nodes are not. */
async function collude(cluster: TestCluster): Promise<Loot> {
  const genesis = parseGenesis(cluster.clusterFile());
  const victim = await credential(cluster, 'victim');
  const { ca } = await cluster.credentials('auditor');
  const client = QuorateClient.connect({
    endpoints: cluster.nodes.map((node) => cluster.network.door(node).address),
    ca,
    cert: victim.certificate,
    key: victim.privateKey,
    clusterFile: genesis.bytes,
  });
  try {
    const { key: honest } = await client.generateKey(HONEST_REQUEST);
    const { key: unnamed } = await client.generateKey({
      ...HONEST_REQUEST,
      keyId: 'unnamed',
      requestId: 'unnamed',
      participants: [],
    });
    const [one, two] = [cluster.loot(nodeId('node-1')), cluster.loot(nodeId('node-2'))];
    return {
      genesis,
      nodes: [one.signer, two.signer],
      victim,
      accomplice: await credential(cluster, 'accomplice'),
      stranger: await credential(cluster, 'stranger'),
      impostor: await credential(cluster, 'victim', await createAuthority('Quorate', 1)),
      tls: one.tls,
      honest,
      unnamed,
      own: [ownPublicKey, ownPublicKey.toReversed()],
      nowMs: Date.now(),
      ca,
    };
  } finally {
    client.close();
  }
}

/** What the colluders answer, whichever method the victim calls; signatures are by their own key. */
class Fixture implements AsyncDisposable {
  readonly collusion: Loot;
  readonly node: ScriptedNode;
  #answer: (received: Received) => Key;

  private constructor(collusion: Loot, node: ScriptedNode, answer: (received: Received) => Key) {
    this.collusion = collusion;
    this.node = node;
    this.#answer = answer;
  }

  static async open(collusion: Loot): Promise<Fixture> {
    const { tls, genesis, honest } = collusion;
    const node = await ScriptedNode.open(
      { ca: genesis.requesterCa, cert: tls.certificate, key: tls.privateKey },
      {
        '/quorate.v1.KeyService/GetKey': async (received) =>
          encode(GetKeyResponse, { key: fixture.#answer(received) }),
        [METHODS.generateKey]: async (received) =>
          encode(GenerateKeyResponse, { key: fixture.#answer(received), taskId: 't' }),
        [METHODS.sign]: async ({ request }) => encode(SignResponse, signature(request)),
      },
    );
    const fixture = new Fixture(collusion, node, () => honest);
    return fixture;
  }

  /** Runs with a client that reaches nobody but the colluders. */
  async victim<T>(
    answer: Key | ((received: Received) => Key),
    run: (client: QuorateClient) => Promise<T>,
    options: Partial<ConnectOptions> = {},
  ): Promise<T> {
    this.#answer = typeof answer === 'function' ? answer : () => answer;
    this.node.received.length = 0;
    const { ca, victim, genesis } = this.collusion;
    const client = QuorateClient.connect({
      endpoints: [this.node.address],
      ca,
      cert: victim.certificate,
      key: victim.privateKey,
      clusterFile: genesis.bytes,
      ...options,
    });
    try {
      return await run(client);
    } finally {
      client.close();
    }
  }

  get askedToSign(): boolean {
    return this.node.received.some(({ method }) => method === METHODS.sign);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.node[Symbol.asyncDispose]();
  }
}

function signature(request: Uint8Array): SignResponse {
  const { payload } = SignRequest.decode(request);
  const bytes = payload?.value ?? new Uint8Array(0);
  return SignResponse.fromPartial({
    signature: new Uint8Array(sign(undefined, bytes, ownKey.privateKey)),
    publicKey: ownPublicKey,
    signers: ['node-1', 'node-2'],
  });
}

function judgedBy(client: QuorateClient, { key, reader }: FalseKey): Promise<JudgedKey> {
  return reader?.asked === undefined
    ? client.getKey(key.keyId, { publicKey: reader?.publicKey })
    : client.generateKey(GenerateKeyRequest.decode(reader.asked));
}

/** The victim's own request and signature, as a node receives them. */
function askedBy({ request, metadata }: Received): Asked {
  const bytes = (name: string) => new Uint8Array(metadata.get(name)[0] as Buffer);
  const value = {
    certificates: splitChain(bytes(REQUEST_METADATA.certificate)) ?? [],
    signature: bytes(REQUEST_METADATA.signature),
    expireTimeMs: BigInt(String(metadata.get(REQUEST_METADATA.expiry)[0])),
  };
  return { request, authority: { $case: 'signed', value } };
}

/** What two nodes took from a cluster that has stopped since, by whether it took unsigned requests too. */
const collusions = new Map<boolean, Loot>();

beforeAll(async () => {
  for (const unsigned of [false, true]) {
    await using cluster = await startCluster({ nodes: 3, unsigned });
    collusions.set(unsigned, await collude(cluster));
  }
}, 60_000);

function collusionOf({ unsigned }: { unsigned: boolean }): Loot {
  const collusion = collusions.get(unsigned);
  if (collusion === undefined) throw new Error('the cluster did not come up');
  return collusion;
}

test.each([
  ['signed requests only', false],
  ['unsigned requests too', true],
])(
  'a client detects every key that two nodes make up in a cluster that takes %s',
  async (_, unsigned) => {
    const collusion = collusionOf({ unsigned });
    await using fixture = await Fixture.open(collusion);
    const cases = [...falseKeys(collusion), ...trueKeys(collusion)];

    const seen = [];
    for (const each of cases) {
      const requesters = each.reader?.requesters;
      const { verdict } = await fixture.victim(each.key, (client) => judgedBy(client, each), {
        requesters,
      });
      seen.push([each.name, verdict]);
    }

    expect(seen).toEqual(cases.map(({ name, verdict }) => [name, verdict]));
  },
);

test('two colluding nodes cannot make a client accept, or ask for, a signature by a key of theirs', async () => {
  const collusion = collusionOf({ unsigned: true });
  await using fixture = await Fixture.open(collusion);

  for (const { name, key, reader, verdict } of falseKeys(collusion)) {
    if (reader !== undefined) continue;
    const { keyId } = key;
    const reason = verdict === 'other-requester' ? 'KEY_OF_OTHER_REQUESTER' : 'KEY_UNVERIFIED';
    // The victim signs its requests: by default a node's word for a request is worth nothing to it.
    const signing = fixture.victim(key, (client) => client.sign({ keyId, message }));
    const refused = signing.catch((error: { readonly reason: string }) => [name, error.reason]);
    expect(await refused).toEqual([name, reason]);
    expect(fixture.askedToSign).toBe(false);
  }

  // The key is shown as it is, and the signature is theirs; or the victim knows the key and asks nobody for it.
  const { honest } = collusion;
  const { keyId, publicKey } = honest;
  const invalid = { code: 'protocol-abort', reason: 'RESULT_INVALID' };
  await expect(
    fixture.victim(honest, (client) => client.sign({ keyId, message })),
  ).rejects.toMatchObject(invalid);
  await expect(
    fixture.victim(honest, (client) => client.sign({ keyId, message, publicKey })),
  ).rejects.toMatchObject(invalid);
  expect(fixture.askedToSign).toBe(true);
});

test('two colluding nodes cannot pass one of their keys off as the answer to GenerateKey', async () => {
  const collusion = collusionOf({ unsigned: false });
  await using fixture = await Fixture.open(collusion);
  const { nodes, honest } = collusion;
  const [one, two] = nodes;
  const third = { ...two, node: nodeId('node-3') };
  const among = honest.certificate?.sharing?.participants ?? [];
  const lies: Readonly<Record<string, (received: Received) => Key>> = {
    'a key of two': (received) => certify(collusion, askedBy(received)),
    'a key of three, signed for by two': (received) =>
      certify(collusion, askedBy(received), { facts: { participants: among } }),
    'a key of three, an identity key swapped': (received) =>
      certify(collusion, askedBy(received), { nodes: [one, two, third] }),
    'the key of another request': () => honest,
  };

  for (const [name, lie] of Object.entries(lies)) {
    const { verdict } = await fixture.victim(lie, (client) =>
      client.generateKey({ ...HONEST_REQUEST, requestId: 'second' }),
    );
    expect([name, verdict]).toEqual([name, 'unverified']);
  }
  for (const { name, key } of falseKeys(collusion)) {
    if (key === honest) continue;
    const { verdict } = await fixture.victim(key, (client) => client.generateKey(HONEST_REQUEST));
    expect([name, ['unverified', 'pending'].includes(verdict)]).toEqual([name, true]);
  }
});
