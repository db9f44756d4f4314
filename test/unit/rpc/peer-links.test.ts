import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeId } from '../../../src/common/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { LogFields } from '../../../src/ports/index.js';
import { createPeerServer, PeerNetwork } from '../../../src/rpc/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';
import { LINK_ENDS_TOLD } from '../../../src/rpc/limits.js';
import { Wire } from '../../support/wire/cluster-wire.js';
import { genesisFor, MemoryLogger, selfOf, tlsFor, until } from './server-fixture.js';
import type { Authorities } from './server-fixture.js';

/* What keeps a link between two nodes from coming about, or from coming back. */

const [ONE, TWO, THREE] = [nodeId('node-1'), nodeId('node-2'), nodeId('node-3')];
const DAY_MS = 86_400_000;
/** Long enough for a few attempts on a slow machine. */
const LONG_MS = 20_000;
const closing: (() => unknown)[] = [];
let both: Authorities;
let genesis: Genesis;

beforeAll(async () => {
  both = { ours: await createAuthority('ours', 30), foreign: await createAuthority('foreign', 30) };
  genesis = genesisFor(both);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function openServer(tls?: TlsFiles): Promise<string> {
  const server = createPeerServer({
    listen: '127.0.0.1:0',
    tls: tls ?? (await tlsFor(both, 'tee', TWO)),
    genesis,
    self: selfOf(TWO, 2),
    replica: { admits: () => true, receive: () => undefined, connected: () => undefined },
    logger: new MemoryLogger(),
  });
  closing.push(() => server.stop());
  return server.listen();
}

async function tlsAt(name: string, nowMs: number, issuer: Credential): Promise<TlsFiles> {
  const request = { role: 'tee', name, dns: ['localhost'], ips: ['127.0.0.1'], days: 1 } as const;
  const { certificate, privateKey } = await issueCertificate(issuer, request, nowMs);
  return { ca: both.ours.certificate, cert: certificate, key: privateKey };
}

/** Node 1, which dials node 2. */
async function openNetwork(address: string, tls?: TlsFiles) {
  const logger = new MemoryLogger();
  const network = new PeerNetwork({
    genesis,
    self: selfOf(ONE, 1),
    tls: tls ?? (await tlsFor(both, 'tee', ONE)),
    addresses: new Map([[TWO, address]]),
    logger,
  });
  network.start({ admits: () => true, connected: () => {}, disconnected: () => {} });
  closing.push(() => network.stop());
  const isOpen = () => network.counts(TWO, 'raft').open && network.counts(TWO, 'tasks').open;
  const warnings = () =>
    logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  return { isOpen, warnings, logger };
}

async function openWire(target: string): Promise<Wire> {
  const wire = await Wire.open();
  closing.push(() => wire.close());
  wire.lead(target);
  return wire;
}

describe('a network that is silent', () => {
  test('a peer that accepts TCP and says nothing is dialled again, its sockets are closed, and it is told once', async () => {
    const wire = await openWire(await openServer());
    wire.silence();
    const { isOpen, warnings } = await openNetwork(wire.address);

    await until(() => wire.silenced.taken >= 4 && wire.silenced.closed >= 2, LONG_MS);
    expect(warnings()).toEqual(['A peer does not answer when it is dialled']);
    wire.mend();

    await until(isOpen, LONG_MS);
  });

  test('a link whose network drops everything is given up, and comes back with the network', async () => {
    const wire = await openWire(await openServer());
    const { address } = wire;
    const { isOpen, logger } = await openNetwork(address);
    await until(isOpen, LONG_MS);

    wire.silence();
    await until(() => !isOpen(), LONG_MS);
    wire.mend();

    await until(isOpen, LONG_MS);
    const ended = logger.lines.find(({ message }) => message === 'A stream to a peer ended');
    expect(ended?.fields).toMatchObject({ peer: TWO, address });
  });
});

test('a link that comes and goes fills no log: after a few lines it is silent', async () => {
  const target = await openServer();
  const wire = await openWire(target);
  const { isOpen, logger } = await openNetwork(wire.address);
  const cuts = LINK_ENDS_TOLD.burst + 2;

  for (let cut = 0; cut < cuts; cut++) {
    await until(isOpen, LONG_MS);
    wire.lead(target);
    await until(() => !isOpen(), LONG_MS);
  }
  await until(isOpen, LONG_MS);

  const told = (message: string) =>
    logger.lines
      .filter((line) => line.message === message && line.level === 'info')
      .filter(({ fields }) => (({ ...fields }) as LogFields)['channel'] === 'raft');
  expect(told('A stream to a peer ended')).toHaveLength(LINK_ENDS_TOLD.burst);
  expect(told('A stream to a peer is open')).toHaveLength(LINK_ENDS_TOLD.burst + 1);
});

describe('why a link does not come about is told at the node that dials', () => {
  test.each([
    ['has expired', -3 * DAY_MS, 'A peer’s certificate has expired'],
    ['is not valid yet', 3 * DAY_MS, 'A peer’s certificate is not valid yet'],
  ])('a peer whose certificate %s', async (_, offsetMs, line) => {
    const address = await openServer(await tlsAt(TWO, Date.now() + offsetMs, both.ours));
    const { warnings } = await openNetwork(address);

    await until(() => warnings().length > 0, LONG_MS);
    expect(warnings()).toEqual([line]);
  });

  test('a peer whose certificate is of another authority', async () => {
    const address = await openServer(await tlsFor(both, 'tee', TWO, both.foreign));
    const { warnings } = await openNetwork(address);

    await until(() => warnings().length > 0, LONG_MS);
    expect(warnings()).toEqual(['A peer’s certificate is of another authority']);
  });

  test.each([
    ['has expired', -3 * DAY_MS, 'ours'],
    ['is of another authority', 0, 'foreign'],
  ] as const)('a node whose own certificate %s', async (_, offsetMs, issuer) => {
    const own = await tlsAt(ONE, Date.now() + offsetMs, both[issuer]);
    const { warnings } = await openNetwork(await openServer(), own);

    await until(() => warnings().length > 0, LONG_MS);
    expect(warnings()).toEqual([
      'A peer ends the connection: it may not take the certificate of this node',
    ]);
  });

  test('another member at the peer’s address', async () => {
    const { warnings } = await openNetwork(await openServer(await tlsFor(both, 'tee', THREE)));

    await until(() => warnings().length > 0, LONG_MS);
    expect(warnings()).toEqual(['Another node answers at a peer’s address']);
  });

  test('a port where nothing listens', async () => {
    const wire = await Wire.open();
    const { address } = wire;
    await wire.close();
    const { warnings, logger } = await openNetwork(address);

    await until(() => warnings().length > 0, LONG_MS);
    expect(warnings()).toEqual(['A peer refuses the connection']);
    expect(logger.lines.at(0)?.fields).toMatchObject({ peer: TWO, address });
  });

  test('a peer that is no member of its cluster', async () => {
    const address = await openServer();
    const tls = await tlsFor(both, 'mesh', ONE);
    const { warnings } = await openNetwork(address, tls);

    await until(() => warnings().length > 0, LONG_MS);
    expect(warnings()).toEqual(['A peer refuses the stream']);
  });
});
