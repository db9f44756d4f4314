import { expect, jest, test } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { optionsFrom, QuorateClient, readClientFile } from '../../src/client/index.js';
import { fromHex } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Role } from '../../src/identity/index.js';
import { issueCertificate } from '../../src/pki/index.js';
import { contextOptions } from '../../src/rpc/index.js';
import { eventually } from '../support/clusters/cluster-wait.js';
import { opensslVerifies } from '../support/clusters/cluster-signature.js';
import { ProcessCluster } from '../support/clusters/process-cluster.js';

const CLIENTS = 3;
const CALL_MS = 20_000;
/** Two looks at the files, or one of a client, and room for a machine that is busy. */
const TAKEN_MS = 60_000;
const TAKEN = 'The node shows another certificate from now on';

jest.setTimeout(600_000);

test('all certificates are exchanged and the old ones revoked under a signing load, and no call fails', async () => {
  await using cluster = await ProcessCluster.create(3);
  for (const node of cluster.nodes) cluster.start(node);
  const files = filesOf(cluster);
  const guard = await files.requester('operator', 'guard');
  const load = signing(files, await firstKey(cluster));
  await eventually('the load to begin', () => load.signed() > CLIENTS, TAKEN_MS);
  const old = [...cluster.nodes, 'operator'].map((name) => serialOf(files.certificate(name)));
  // All nodes have made the key together: each knows what the others show.
  const [mistaken = new Uint8Array(0)] = old;
  await expect(
    guard.revokeCertificate({ serial: mistaken }, { timeoutMs: CALL_MS }),
  ).rejects.toMatchObject({ reason: 'REVOKES_A_NODE' });

  // Two are told at once, one finds it out by itself; the clients read their files again while they sign.
  for (const name of [...cluster.nodes, 'operator']) await files.renew(name);
  for (const node of cluster.nodes.slice(0, 2)) process.kill(cluster.pid(node) ?? 0, 'SIGHUP');
  for (const node of cluster.nodes) {
    await eventually(`${node} to take its certificate`, () => hasTaken(cluster, node), TAKEN_MS);
    expect(await shownBy(cluster, node)).toBe(files.certificate(node).serialNumber);
  }
  const renewed = files.pem('operator');
  await eventually('all clients to sign with the next one', () => load.isBy(renewed), TAKEN_MS);

  // Nodes are still connected with the old ones: those connections end now, and others take their place.
  for (const serial of old) {
    await guard.revokeCertificate({ serial, allowNode: true }, { timeoutMs: CALL_MS });
  }
  const before = load.signed();
  await eventually('the load to go on', () => load.signed() > before + 10 * CLIENTS, TAKEN_MS);
  expect(await load.finish()).toBeGreaterThan(10 * CLIENTS);
  expect((await guard.getCluster({ timeoutMs: CALL_MS })).revocationCount).toBe(old.length);

  const { reload: _, ...options } = files.options();
  const stolen = QuorateClient.connect({ ...options, ...files.old('operator') });
  await expect(stolen.getCluster({ timeoutMs: 3_000 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(unauthenticated|no-quorum|deadline)$/),
  });
  stolen.close();
  guard.close();
  expect(cluster.troubles()).toEqual([]);
});

function serialOf({ serialNumber }: X509Certificate): Uint8Array {
  return fromHex(serialNumber.toLowerCase()) ?? new Uint8Array(0);
}

type Files = ReturnType<typeof filesOf>;

/** The folders of the cluster, as whoever issues certificates sees them. */
function filesOf(cluster: ProcessCluster) {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error('a cluster has nodes');
  const folder = dirname(dirname(cluster.configFile(first)));
  const text = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
  const before = new Map<string, { readonly cert: string; readonly key: string }>();
  const put = (name: string, file: string, content: string) => {
    const path = join(folder, name, file);
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const issue = (of: 'peer' | 'requester', role: Role, name: string) =>
    issueCertificate(
      { certificate: text(`${of}-ca.pem`), privateKey: text(`${of}-ca-key.pem`) },
      { role, name, dns: ['localhost'], ips: ['127.0.0.1'], days: 1 },
    );
  const options = () => optionsFrom(readClientFile(join(folder, 'operator', 'client.json')));
  return {
    options,
    /** The certificate and key that were there before `renew`. */
    old: (name: string) => before.get(name) ?? { cert: '', key: '' },
    pem: (name: string) => text(name, 'cert.pem'),
    certificate: (name: string) => new X509Certificate(text(name, 'cert.pem')),
    /** Another certificate and key for a node, or for the operator. */
    renew: async (name: string) => {
      before.set(name, { cert: text(name, 'cert.pem'), key: text(name, 'key.pem') });
      const made =
        name === 'operator'
          ? await issue('requester', 'operator', name)
          : await issue('peer', 'tee', name);
      put(name, 'cert.pem', made.certificate);
      put(name, 'key.pem', made.privateKey);
    },
    requester: async (role: Role, name: string) => {
      const { certificate: cert, privateKey: key } = await issue('requester', role, name);
      return QuorateClient.connect({ ...options(), cert, key, reload: undefined });
    },
  };
}

async function firstKey(cluster: ProcessCluster): Promise<Uint8Array> {
  const client = cluster.client();
  // Nodes that have just started may not have found each other: such a request leaves no trace.
  const asked = { keyId: 'treasury', requestId: 'first' };
  const { key } = await eventually(
    'a key',
    () => client.generateKey(asked, { timeoutMs: TAKEN_MS }),
    TAKEN_MS,
  );
  return key.publicKey;
}

/** Clients on the operator's files that sign without a pause. A call that fails ends the test. */
function signing(files: Files, publicKey: Uint8Array) {
  const over = new AbortController();
  let signed = 0;
  /** The certificate that each client has last read, and how often it has signed since. */
  const by = Array.from({ length: CLIENTS }, () => ({ cert: '', signed: 0 }));
  const work = async (at: number): Promise<void> => {
    const options = files.options();
    const last = by[at];
    if (last === undefined) throw new Error('no such client');
    const client = QuorateClient.connect({
      ...options,
      reload: () => {
        const tls = options.reload?.() ?? options;
        if (tls.cert !== last.cert) Object.assign(last, { cert: tls.cert, signed: 0 });
        return tls;
      },
    });
    try {
      for (let number = 1; !over.signal.aborted; number++) {
        const message = new TextEncoder().encode(`${at} ${number}`);
        const call = { keyId: 'treasury', message, requestId: `c-${at}-${number}`, publicKey };
        const { signature } = await client.sign(call, { timeoutMs: CALL_MS });
        expect(opensslVerifies(publicKey, message, signature)).toBe(true);
        signed += 1;
        last.signed += 1;
      }
    } finally {
      client.close();
    }
  };
  const working = Promise.all(by.map((_, at) => work(at)));
  working.catch(() => over.abort());
  const failed = () => over.signal.aborted;
  return {
    signed: () => (failed() ? Infinity : signed),
    /** Each client has this certificate, and no call of before is under way. */
    isBy: (cert: string) => failed() || by.every((each) => each.cert === cert && each.signed > 1),
    finish: async () => {
      over.abort();
      await working;
      return signed;
    },
  };
}

function hasTaken(cluster: ProcessCluster, node: NodeId): boolean {
  return cluster.logLines(node).some((line) => line.includes(TAKEN));
}

/** The serial number of the certificate that a node shows to a new connection. */
async function shownBy(cluster: ProcessCluster, node: NodeId): Promise<string> {
  const { ca, cert, key } = await cluster.credentials('operator', 'reader');
  const [host = '', port] = cluster.address(node).split(':');
  const context = contextOptions({ ca, cert, key });
  const socket = connect({ ...context, host, port: Number(port), ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}
