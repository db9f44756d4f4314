import { afterEach, expect, test } from '@jest/globals';
import { createConnection } from 'node:net';
import { connect, createSecureContext } from 'node:tls';
import { credentials, status } from '@grpc/grpc-js';
import { issueCertificate } from '../../../src/pki/index.js';
import { Handshakes } from '../../../src/rpc/front/handshakes.js';
import { encode, HealthCheckRequest } from '../../../src/wire/index.js';
import { Caller, channelFor, Fixture, tlsFor, until } from './server-fixture.js';

const CHECK = '/grpc.health.v1.Health/Check';
const LIMITS = {
  perAddress: { perSecond: 1, burst: 3 },
  ofStrangers: { perSecond: 1, burst: 5 },
  ofKnown: { perSecond: 1, burst: 4 },
};

test('handshakes of one address are limited, and come back with time', () => {
  const handshakes = new Handshakes(LIMITS);
  expect([0, 0, 0, 0].map((nowMs) => handshakes.begin('a', nowMs))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(handshakes.begin('b', 0)).toBe(true);
  expect(handshakes.begin('a', 1_000)).toBe(true);
});

test('strangers of many addresses share a sum, and known addresses have one that strangers cannot use up', () => {
  const handshakes = new Handshakes(LIMITS);
  handshakes.succeeded('known');
  const begun = Array.from({ length: 1_000 }, (_, at) => handshakes.begin(`stranger-${at}`, 0));
  expect(begun.filter(Boolean)).toHaveLength(LIMITS.ofStrangers.burst);
  expect(handshakes.begin('known', 0)).toBe(true);
});

test('an address that has used up its own does not use up the sum', () => {
  const handshakes = new Handshakes(LIMITS);
  for (let at = 0; at < 1_000; at++) handshakes.begin('a', 0);
  expect([handshakes.begin('b', 0), handshakes.begin('b', 0)]).toEqual([true, true]);
});

test('known addresses are bounded: the one that succeeded longest ago is a stranger again', () => {
  const handshakes = new Handshakes(LIMITS);
  for (let at = 0; at < 10_000; at++) handshakes.succeeded(`known-${at}`);
  for (let at = 0; at < 10; at++) handshakes.begin(`stranger-${at}`, 0);
  expect(handshakes.begin('known-0', 0)).toBe(false);
  expect(handshakes.begin('known-9999', 0)).toBe(true);
});

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

/** A handshake without a certificate. Resolves when the node has ended the connection. */
function stranger(address: string, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const port = Number(address.split(':')[1]);
    const socket = connect({
      socket: createConnection({ host: '127.0.0.1', port, localAddress }),
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    let ending = 'closed';
    socket.on('error', (error) => (ending = 'code' in error ? String(error.code) : ''));
    socket.once('close', () => resolve(ending));
  });
}

async function isServed(caller: Caller): Promise<boolean> {
  return (await caller.call(CHECK, encode(HealthCheckRequest, { service: '' }))).code === status.OK;
}

test('attack: strangers without a certificate get a bounded number of handshakes, and a known client its own', async () => {
  const handshakes = { ...LIMITS, ofKnown: { perSecond: 1_000, burst: 1_000 } };
  const one = (fixture = await Fixture.open({ bounds: { front: { handshakes } } }));
  const before = await one.as('app');
  expect(await isServed(before)).toBe(true);

  const endings = await Promise.all(
    Array.from({ length: 60 }, (_, at) => stranger(one.address, `127.0.0.${2 + (at % 20)}`)),
  );

  const made = endings.filter((each) => each === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
  // The burst of strangers, and what comes in while the test runs.
  expect(made.length).toBeGreaterThanOrEqual(1);
  expect(made.length).toBeLessThan(20);
  const again = new Caller(one.address, channelFor(await tlsFor(one.authorities, 'app', 'again')));
  expect(await isServed(again)).toBe(true);
  expect(await isServed(before)).toBe(true);
  again.close();
  // A line for each address and kind, not for each connection.
  expect(one.logger.lines.length).toBeLessThan(50);
});

const REQUEST = { role: 'app', name: 'app', dns: [], ips: [], days: 1 } as const;
const TWO_DAYS_MS = 2 * 86_400_000;

test.each([
  [
    'has expired',
    'CERT_HAS_EXPIRED',
    (by: Fixture['authorities']) => issueCertificate(by.ours, REQUEST, Date.now() - TWO_DAYS_MS),
  ],
  [
    'is of another authority',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    (by: Fixture['authorities']) => issueCertificate(by.foreign, REQUEST),
  ],
  ['is missing', 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', () => undefined],
])('a certificate that %s is a line of the log with the reason', async (_, reason, issue) => {
  const one = (fixture = await Fixture.open());
  const issued = await issue(one.authorities);
  const own = issued && { cert: issued.certificate, key: issued.privateKey };
  const context = createSecureContext({ ca: one.authorities.ours.certificate, ...own });
  const caller = new Caller(one.address, credentials.createFromSecureContext(context));

  for (let call = 0; call < 3; call++) expect(await isServed(caller)).toBe(false);

  const lines = (): readonly object[] =>
    one.logger.lines.filter(({ message }) => message === 'A TLS handshake failed');
  await until(() => lines().length > 0);
  expect(lines()).toMatchObject([{ level: 'warn', fields: { peer: '127.0.0.1', reason } }]);
  caller.close();
});
