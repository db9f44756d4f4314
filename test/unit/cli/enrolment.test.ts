import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId, toHex } from '../../../src/common/index.js';
import { SecretBytes } from '../../../src/crypto/index.js';
import { parseGenesis, parseMemberRequest } from '../../../src/identity/index.js';
import { nodeVerify } from '../../../src/machine/index.js';
import { run } from '../../../src/cli/index.js';
import { Desk } from '../../../src/cli/enrolment/desk.js';
import { CONNECTIONS_MAX, DELIVERY_BYTES_MAX } from '../../../src/cli/enrolment/limits.js';
import {
  decodeIntroduction,
  encodeDelivery,
  proveDelivery,
} from '../../../src/cli/enrolment/messages.js';
import type { Delivery } from '../../../src/cli/enrolment/messages.js';
import { eventually } from '../../support/clusters/cluster-wait.js';
import { fakeContext, quorate } from './fake-context.js';

const NODES = ['a', 'b', 'c'];
const TOKENS = new Map(NODES.map((id, at) => [id, toHex(new Uint8Array(32).fill(at + 1))]));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-enrolment-'));
  mkdirSync(join(folder, 'tokens'));
  for (const [id, token] of TOKENS)
    writeFileSync(join(folder, 'tokens', id), `${token}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => join(folder, ...names);
const tokenOf = (id: string) =>
  new SecretBytes(new Uint8Array(Buffer.from(TOKENS.get(id) ?? '', 'hex')));
const enrollWords = (id: string) => [
  'node',
  'enroll',
  '--node-id',
  id,
  '--token-file',
  `tokens/${id}`,
  '--listen',
  '127.0.0.1:0',
];

/** A node that waits, and where. */
async function waiting(id: string) {
  const { context, err } = fakeContext({ folder });
  const ended = run(enrollWords(id), context);
  const address = await eventually(
    `${id} to wait`,
    () => /waits for its genesis at (\S+)/.exec(err.join('\n'))?.[1],
    60_000,
  );
  return { ended, err, address };
}

const initWords = (addresses: readonly string[], out = 'cluster') => [
  'cluster',
  'init',
  '--tokens',
  'tokens',
  '--out',
  out,
  '--wait',
  '20s',
  ...NODES.flatMap((id, index) => ['--node', `${id}=${addresses[index] ?? ''}`]),
];
const memberOf = (text: string) =>
  parseMemberRequest(new TextEncoder().encode(text), (...asked) => nodeVerify.identity(...asked));

test('nodes that wait are brought one genesis, which names the keys that each has made', async () => {
  const nodes = await Promise.all(NODES.map(waiting));
  const made = await quorate(initWords(nodes.map(({ address }) => address)), { folder });
  expect(made).toMatchObject({ status: 0 });
  expect(await Promise.all(nodes.map(({ ended }) => ended))).toEqual([0, 0, 0]);
  const bytes = readFileSync(at('cluster', 'cluster.json'));
  const genesis = parseGenesis(new Uint8Array(bytes));
  for (const id of NODES) {
    const { identityKey } = memberOf(readFileSync(at(id, 'member.json'), 'utf8'));
    expect(genesis.members.find((each) => each.nodeId === id)?.identityKey).toEqual(identityKey);
    expect(readFileSync(at(id, 'cluster.json')).equals(bytes)).toBe(true);
    expect(existsSync(at('cluster', id, 'key.pem'))).toBe(false);
  }
  // A container calls it at every start.
  expect(await quorate(enrollWords('a'), { folder })).toMatchObject({ status: 0, out: '' });
  const { out } = await quorate([...enrollWords('a'), '--json'], { folder });
  const files = { folder: at('a'), cluster_file: at('a', 'cluster.json') };
  expect(JSON.parse(out)).toEqual({ node_id: 'a', ...files });
});

test('a call that was interrupted goes on where it was, and asks no node twice', async () => {
  for (const id of NODES) rmSync(at(id), { recursive: true, force: true });
  const [a, b] = await Promise.all(['a', 'b'].map(waiting));
  const first = await desk('c', () => {
    throw new Error('its disk is full');
  });
  const others = [a?.address ?? '', b?.address ?? ''];
  expect(await quorate(initWords([...others, first.address], 'again'), { folder })).toMatchObject({
    status: 1,
    err: expect.stringContaining('c at 127.0.0.1'),
  });
  await first[Symbol.asyncDispose]();
  expect(await Promise.all([a?.ended, b?.ended])).toEqual([0, 0]);
  await using second = await desk('c', undefined, first.text);
  const again = await quorate(initWords([...others, second.address], 'again'), { folder });
  expect(again).toMatchObject({ status: 0 });
  expect(second.kept).toHaveLength(1);
});

/** A desk without a process, and what it has kept. */
async function desk(id: string, keep?: () => void, known?: string) {
  const home = mkdtempSync(join(folder, 'desk-'));
  const init = ['node', 'init', '--node-id', id, '--out', home];
  if (known === undefined) await quorate(init, { folder });
  const text = known ?? readFileSync(join(home, 'member.json'), 'utf8');
  const kept: Delivery[] = [];
  const refused: string[] = [];
  const token = tokenOf(id);
  const server = new Desk({
    token,
    member: memberOf(text),
    text,
    keep: (delivery) => (keep ?? (() => kept.push(delivery)))(),
    refusedOne: (why) => void refused.push(why),
  });
  const address = await server.listen('127.0.0.1:0');
  const url = `http://${address}`;
  const close = () => server[Symbol.asyncDispose]();
  return { address, url, text, kept, refused, token, server, [Symbol.asyncDispose]: close };
}

/** The delivery that a cluster’s maker would send to this desk. */
async function deliveryFor(text: string) {
  writeFileSync(at('c.json'), text);
  for (const id of ['x', 'y'])
    if (!existsSync(at(id))) await quorate(['node', 'init', '--node-id', id], { folder });
  const out = mkdtempSync(join(folder, 'made-'));
  const made = await quorate(
    [
      'certs',
      'init',
      '--out',
      join(out, 'cluster'),
      '--member',
      'c.json',
      'x/member.json',
      'y/member.json',
    ],
    { folder },
  );
  expect(made).toMatchObject({ status: 0 });
  const read = (name: string) => readFileSync(join(out, 'cluster', 'c', name), 'utf8');
  return { cluster: read('cluster.json'), ca: read('ca.pem'), cert: read('cert.pem') };
}

const post = (url: string, body: string) => fetch(`${url}/v1/genesis`, { method: 'POST', body });

describe('a stranger at a node that waits', () => {
  test('a genesis without the token, or changed on its way, is refused and changes nothing', async () => {
    await using node = await desk('c');
    const member = memberOf(node.text);
    const delivery = await deliveryFor(node.text);
    const proof = proveDelivery(node.token, member, delivery);
    using other = tokenOf('a');
    const attempts: [Delivery, Uint8Array][] = [
      [delivery, proveDelivery(other, member, delivery)],
      [delivery, Uint8Array.from(randomBytes(32))],
      [
        { ...delivery, cluster: delivery.cluster.replace('"unsigned": false', '"unsigned": true') },
        proof,
      ],
      [{ ...delivery, ca: `${delivery.ca}\n` }, proof],
      [{ ...delivery, cert: undefined }, proof],
      // A proof that is another node's, with the same token.
      [delivery, proveDelivery(node.token, { ...member, nodeId: nodeId('x') }, delivery)],
    ];
    for (const [sent, by] of attempts)
      expect((await post(node.url, encodeDelivery(sent, by))).status).toBe(403);
    expect(node.kept).toEqual([]);
    // Unchanged, it is taken.
    expect((await post(node.url, encodeDelivery(delivery, proof))).status).toBe(200);
    expect(node.kept).toHaveLength(1);
    await node.server.delivered;
  });

  test('a genesis of an identity that this node has not, or with other authorities, is refused with the token too', async () => {
    await using node = await desk('c');
    await using earlier = await desk('c');
    const member = memberOf(node.text);
    const foreign = await deliveryFor(earlier.text);
    const own = await deliveryFor(node.text);
    for (const wrong of [foreign, { ...own, ca: foreign.ca }, { ...own, cluster: '{}' }]) {
      const body = encodeDelivery(wrong, proveDelivery(node.token, member, wrong));
      expect((await post(node.url, body)).status).toBe(400);
    }
    expect(node.kept).toEqual([]);
  });

  test('nothing but the public half is shown, and long or strange calls are refused', async () => {
    await using node = await desk('c');
    const challenge = toHex(new Uint8Array(32));
    const shown = await fetch(`${node.url}/v1/member?challenge=${challenge}`);
    expect(decodeIntroduction(await shown.text()).member).toBe(node.text);
    const statuses = await Promise.all(
      [
        fetch(`${node.url}/v1/member`),
        fetch(`${node.url}/v1/member?challenge=00`),
        fetch(`${node.url}/node.key`),
        fetch(`${node.url}/v1/genesis`),
        post(node.url, 'no JSON'),
        post(node.url, ' '.repeat(DELIVERY_BYTES_MAX + 1)),
      ].map(async (call) => (await call.catch(() => undefined))?.status ?? 0),
    );
    expect(statuses.slice(0, 5)).toEqual([400, 400, 404, 404, 400]);
    expect([0, 400]).toContain(statuses[5]);
    expect(node.kept).toEqual([]);
  });

  test('connections beyond a bound are closed', async () => {
    await using node = await desk('c');
    const [host = '', port = ''] = node.address.split(':');
    const sockets: Socket[] = [];
    for (let index = 0; index <= CONNECTIONS_MAX; index++)
      sockets.push(connect(Number(port), host));
    const last = sockets.at(-1);
    if (last !== undefined) await once(last, 'close');
    expect(sockets.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a stranger in the place of a node', () => {
  test('an answer without the token, or to another challenge, makes no cluster', async () => {
    await using a = await desk('a');
    await using b = await desk('b');
    // The keys of one node with the token of another, as a node would answer for its neighbour.
    const own = await desk('c');
    await using c = new Desk({
      token: tokenOf('a'),
      member: memberOf(own.text),
      text: own.text,
      keep: () => undefined,
      refusedOne: () => undefined,
    });
    await own[Symbol.asyncDispose]();
    const there = await c.listen('127.0.0.1:0');
    const result = await quorate(initWords([a.address, b.address, there], 'strange'), { folder });
    expect(result).toMatchObject({ status: 4, err: expect.stringContaining('has not its token') });
    expect(existsSync(at('strange'))).toBe(false);
    expect([a.kept, b.kept]).toEqual([[], []]);
  });

  test('a node waits for its genesis no longer than it is told', async () => {
    const late = await quorate([...enrollWords('b'), '--out', 'late-node', '--wait', '1ms'], {
      folder,
    });
    expect(late).toMatchObject({ status: 5, err: expect.stringContaining('No genesis came') });
  });

  test('two nodes with one token are refused', async () => {
    const tokens = mkdtempSync(join(folder, 'same-'));
    for (const id of NODES) writeFileSync(join(tokens, id), TOKENS.get('a') ?? '', { mode: 0o600 });
    const words = initWords(['127.0.0.1:1', '127.0.0.1:1', '127.0.0.1:1'], 'same');
    const result = await quorate([...words, '--tokens', tokens], { folder });
    expect(result).toMatchObject({
      status: 2,
      err: expect.stringContaining('have the same token'),
    });
  });

  test('a token that others may read is refused', async () => {
    writeFileSync(at('open'), TOKENS.get('a') ?? '', { mode: 0o644 });
    const words = ['node', 'enroll', '--node-id', 'open', '--token-file', 'open'];
    expect(await quorate(words, { folder })).toMatchObject({
      status: 2,
      err: expect.stringContaining('others than its owner may read'),
    });
  });

  test('a cluster’s maker waits for a node no longer than it is told', async () => {
    const words = initWords(['127.0.0.1:1', '127.0.0.1:1', '127.0.0.1:1'], 'late');
    expect(await quorate([...words, '--wait', '1ms'], { folder })).toMatchObject({ status: 5 });
  });
});
