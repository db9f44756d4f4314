import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { QuorateClient } from '../../../src/client/index.js';
import type { ConnectOptions, RequestSigner } from '../../../src/client/index.js';
import { ClusterError, concat, u64be, utf8 } from '../../../src/common/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { METHODS } from '../../../src/state/index.js';
import { encode, GenerateKeyResponse, SignRequest, SignResponse } from '../../../src/wire/index.js';
import { ScriptedNode } from '../../support/adversary/scripted-node.js';
import type { Answer, Received } from '../../support/adversary/scripted-node.js';
import { authorities, genesisFor, tlsFor } from '../rpc/server-fixture.js';
import type { Authorities } from '../rpc/server-fixture.js';
import { pair, signBy } from './certified.js';

const key = pair();
const message = utf8('pay 3');
const payment = { keyId: 'demo', message, publicKey: key.publicKey };
const SKEW_MS = 20 * 60_000;

let both: Authorities;
let genesis: Genesis;
let options: Omit<ConnectOptions, 'endpoints'>;
beforeAll(async () => {
  both = await authorities();
  genesis = genesisFor(both);
  options = { ...(await tlsFor(both, 'app', 'app')), clusterFile: genesis.bytes };
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A node that answers with a signature, unless `first` throws. */
async function openNode(
  first: (received: Received) => Promise<unknown> = async () => undefined,
): Promise<ScriptedNode> {
  const sign: Answer = async (received) => {
    await first(received);
    const { payload } = SignRequest.decode(received.request);
    return encode(SignResponse, {
      ...SignResponse.fromPartial({ taskId: 't' }),
      signature: signBy(key, payload?.value ?? new Uint8Array(0)),
    });
  };
  const generate: Answer = async (received) => {
    await first(received);
    return encode(GenerateKeyResponse, { key: undefined, taskId: 't' });
  };
  const script = { [METHODS.sign]: sign, [METHODS.generateKey]: generate };
  const node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), script);
  closing.push(() => node[Symbol.asyncDispose]());
  return node;
}

function connect(
  nodes: readonly ScriptedNode[],
  changes: Partial<ConnectOptions> = {},
): QuorateClient {
  const endpoints = nodes.map(({ address }) => address);
  const client = QuorateClient.connect({ ...options, endpoints, ...changes });
  closing.push(() => client.close());
  return client;
}

type Sent = {
  readonly signature: Uint8Array;
  readonly certificates: Uint8Array;
  readonly expiryMs: number;
};

function sentWith({ metadata }: Received): Sent {
  const bytes = (name: string) => new Uint8Array(metadata.get(name)[0] as Buffer);
  const [expiry = ''] = metadata.get('quorate-expiry');
  expect(expiry).toMatch(/^\d+$/);
  return {
    signature: bytes('quorate-signature-bin'),
    certificates: bytes('quorate-certificate-bin'),
    expiryMs: Number(expiry),
  };
}

function lengthAndBytes(bytes: Uint8Array): Uint8Array {
  return concat(u64be(bytes.length), bytes);
}

/** What the page of the wire format says, written down a second time. */
function signedBytes(received: Received, { expiryMs }: Sent, cluster: string): Uint8Array {
  return concat(
    utf8('quorate-request-v1'),
    lengthAndBytes(utf8(received.method)),
    lengthAndBytes(utf8(cluster)),
    u64be(expiryMs),
    lengthAndBytes(received.request),
  );
}

function verifies(received: Received, digest: string | null, cluster = genesis.clusterId): boolean {
  const sent = sentWith(received);
  const { publicKey } = new X509Certificate(sent.certificates);
  return verify(digest, signedBytes(received, sent, cluster), publicKey, sent.signature);
}

async function only(node: ScriptedNode): Promise<Received> {
  const [received, ...more] = node.received;
  if (received === undefined || more.length > 0) throw new Error(`${node.received.length} calls`);
  return received;
}

function refusing(reason: string, timeMs: () => number | string): ClusterError {
  return new ClusterError('unauthenticated', 'Not in time', {
    reason,
    facts: { time_ms: String(timeMs()) },
  });
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a signed request', () => {
  test('the TLS key signs a request over method, cluster, expiry and the bytes as sent', async () => {
    const node = await openNode();

    await connect([node]).sign(payment);

    const received = await only(node);
    expect(verifies(received, 'sha256')).toBe(true);
    expect(verifies(received, 'sha256', genesis.clusterId.replace(/^./, 'x') as never)).toBe(false);
    expect(verifies({ ...received, method: METHODS.generateKey }, 'sha256')).toBe(false);
  });

  test('a signed request expires when its call ends, and at most ten minutes ahead', async () => {
    const node = await openNode();
    const client = connect([node]);
    const before = Date.now();
    await client.sign(payment, { timeoutMs: 5_000 });
    await client.sign(payment, { timeoutMs: 3_600_000 });
    const after = Date.now();

    const [short, long] = node.received.map((each) => sentWith(each).expiryMs);

    expect(short).toBeGreaterThanOrEqual(before + 4_000);
    expect(short).toBeLessThanOrEqual(after + 5_000);
    expect(long).toBeGreaterThan(before + 500_000);
    expect(long).toBeLessThanOrEqual(after + 600_000);
  });

  test('a signed request to generate a key outlives its call, since the cluster goes on with it', async () => {
    const node = await openNode();
    const before = Date.now();
    const error = await errorOf(
      connect([node]).generateKey({ keyId: 'demo', threshold: 2 }, { timeoutMs: 2_000 }),
    );
    expect(error).toMatchObject({ reason: 'KEY_NOT_READY' });

    // It is asked again while its caller has time.
    const [first, ...again] = node.received;
    if (first === undefined) throw new Error('No call came');
    const { expiryMs } = sentWith(first);

    for (const call of again) expect(call.request).toEqual(first.request);
    expect(expiryMs).toBeGreaterThanOrEqual(before + 300_000);
    expect(expiryMs).toBeLessThan(Date.now() + 600_000);
  });

  test('every node that is asked gets the same request with the same signature', async () => {
    const refused = await openNode(async () => {
      throw new ClusterError('no-quorum', 'Nobody leads', { reason: 'NO_LEADER' });
    });
    const node = await openNode();

    await connect([refused, node]).sign(payment);

    const [one, other] = [await only(refused), await only(node)];
    expect(other.request).toEqual(one.request);
    expect(sentWith(other)).toEqual(sentWith(one));
  });

  test('a read request is not signed', async () => {
    const node = await ScriptedNode.open(await tlsFor(both, 'tee', 'node-1'), {
      '/quorate.v1.KeyService/ListKeys': async () => new Uint8Array(0),
    });
    closing.push(() => node[Symbol.asyncDispose]());

    await connect([node]).listKeys();

    expect(Object.keys((await only(node)).metadata.getMap()).join()).not.toMatch(/quorate-/);
  });

  test('a request is unsigned when its caller says so', async () => {
    const node = await openNode();

    await connect([node], { signer: 'none' }).sign(payment);

    expect(Object.keys((await only(node)).metadata.getMap()).join()).not.toMatch(/quorate-/);
  });
});

function handIn(sign: RequestSigner['sign']): RequestSigner {
  return { chain: options.cert, sign };
}

describe('the signer', () => {
  test('a signer may be handed in, with a chain of its own', async () => {
    const node = await openNode();
    const elsewhere = pair();
    const other = await tlsFor(both, 'app', 'hsm');
    const signer = {
      chain: `${other.cert}${both.ours.certificate}`,
      sign: async (bytes: Uint8Array) => signBy(elsewhere, bytes),
    };

    await connect([node], { signer }).sign(payment);

    const received = await only(node);
    const sent = sentWith(received);
    expect(sent.certificates).toEqual(
      concat(new X509Certificate(other.cert).raw, new X509Certificate(both.ours.certificate).raw),
    );
    const bytes = signedBytes(received, sent, genesis.clusterId);
    expect(sent.signature).toEqual(signBy(elsewhere, bytes));
  });

  test('the signer uses Ed25519 when that is the TLS key', async () => {
    const { tlsSigner } = await import('../../../src/client/index.js');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

    const signature = await tlsSigner({ cert: '', key: pem }).sign(message);

    expect(verify(null, message, publicKey, signature)).toBe(true);
  });

  test.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ec secp384r1', generateKeyPairSync('ec', { namedCurve: 'secp384r1' })],
    ['ed448', generateKeyPairSync('ed448')],
  ])('the signer refuses a key of kind %s, by its name', async (kind, { privateKey }) => {
    const { tlsSigner } = await import('../../../src/client/index.js');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

    const error = await errorOf(tlsSigner({ cert: '', key: pem }).sign(message));

    expect(error).toMatchObject({ code: 'invalid-request', reason: 'SIGNING_KEY_UNSUPPORTED' });
    expect(String(error)).toContain(kind);
  });

  test('the signer refuses to sign without the name of a cluster', async () => {
    const node = await openNode();
    expect(() => connect([node], { clusterFile: undefined, signer: 'tls' })).toThrow(
      expect.objectContaining({ reason: 'CLUSTER_FILE_REQUIRED' }),
    );
  });

  test('a signer that never ends does not prolong its call, and can be stopped', async () => {
    const node = await openNode();
    const client = connect([node], { signer: handIn(() => new Promise(() => undefined)) });
    const controller = new AbortController();

    const late = await errorOf(client.sign(payment, { timeoutMs: 500 }));
    const stopped = errorOf(client.sign(payment, { signal: controller.signal }));
    controller.abort();

    expect(late).toMatchObject({ code: 'deadline', reason: 'SIGNER_TOO_SLOW' });
    expect(await stopped).toMatchObject({ code: 'cancelled' });
    expect(node.received).toHaveLength(0);
  });

  test('a signer that fails makes the call fail with the signer’s own words', async () => {
    const node = await openNode();
    const signer = handIn(() => Promise.reject(new Error('the HSM is locked')));
    expect(await errorOf(connect([node], { signer }).sign(payment))).toMatchObject({
      message: 'the HSM is locked',
    });
    expect(node.received).toHaveLength(0);
  });

  test('a signer without a certificate is refused', async () => {
    const node = await openNode();
    const signer = { chain: 'no PEM', sign: async () => new Uint8Array(64) };
    expect(() => connect([node], { signer })).toThrow(
      expect.objectContaining({ reason: 'INVALID_CREDENTIALS' }),
    );
  });
});

describe('a refusal for expiry', () => {
  test.each([
    ['REQUEST_EXPIRED', SKEW_MS],
    ['EXPIRY_TOO_FAR', -SKEW_MS],
  ])(
    'a request refused with %s is signed again by the clock of the refusal, and so are later requests',
    async (reason, skew) => {
      const clock = () => Date.now() + skew;
      const node = await openNode(async (received) => {
        const ahead = sentWith(received).expiryMs - clock();
        if (ahead <= 0 || ahead > 605_000) throw refusing(reason, clock);
      });
      const client = connect([node]);

      await client.sign(payment, { timeoutMs: 10_000 });
      await client.sign(payment, { timeoutMs: 10_000 });

      expect(node.received).toHaveLength(3);
      const [refused, again] = node.received;
      expect(again?.request).toEqual(refused?.request);
      expect(node.received.every((each) => verifies(each, 'sha256'))).toBe(true);
    },
  );

  test('a refusal for expiry is believed once in a call', async () => {
    const node = await openNode(async () => {
      throw refusing('REQUEST_EXPIRED', () => Date.now() + SKEW_MS);
    });
    expect(await errorOf(connect([node]).sign(payment))).toMatchObject({
      reason: 'REQUEST_EXPIRED',
    });
    expect(node.received).toHaveLength(2);
  });

  test('a refusal for expiry with a clock hours away gets no signature for that time', async () => {
    const node = await openNode(async () => {
      throw refusing('REQUEST_EXPIRED', () => Date.now() + 7_200_000);
    });
    const error = await errorOf(connect([node]).sign(payment));
    expect(error).toMatchObject({ code: 'unauthenticated', reason: 'REQUEST_EXPIRED' });
    expect(String(error)).toMatch(/one of them is wrong, this machine's clock or the cluster's/);
    expect(node.received).toHaveLength(1);
  });

  test.each(['', 'soon', '-1', '1e15', '99999999999999999'])(
    'a refusal for expiry with the clock "%s" is handled as any other refusal',
    async (timeMs) => {
      const node = await openNode(async () => {
        throw refusing('REQUEST_EXPIRED', () => timeMs);
      });
      expect(await errorOf(connect([node]).sign(payment))).toMatchObject({
        reason: 'REQUEST_EXPIRED',
      });
      expect(node.received).toHaveLength(1);
    },
  );
});
