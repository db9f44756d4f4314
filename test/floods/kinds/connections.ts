import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import { FrameConnection } from '../../support/wire/http2-frames.js';
import { repeatedly } from '../flood.js';
import type { Flood, FloodCounts, Target } from '../flood.js';

/* Floods of connections. */

const SILENT_CONNECTIONS = 200;
const IDLE_CONNECTIONS = 40;
const HANDSHAKES_AT_ONCE = 50;
/** Addresses of loopback that strangers come from. */
const ADDRESSES = 200;

export const silentTcp: Flood = { as: 'operator', run: dialAndSayNothing };
export const silentTls: Flood = { as: 'operator', run: shakeHandsAndSayNothing };
export const strangers: Flood = { as: 'operator', run: shakeHandsWithoutCertificate };

async function dialAndSayNothing(target: Target, counts: FloodCounts): Promise<void> {
  const [host, port] = target.address.split(':');
  const end = performance.now() + target.ms;
  const dial = async (): Promise<void> => {
    while (performance.now() < end) {
      const socket = connect({ host: host ?? '', port: Number(port) });
      counts.connections += 1;
      const late = setTimeout(() => socket.destroy(), Math.max(end - performance.now(), 0));
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'close').catch(() => undefined);
      clearTimeout(late);
      if (performance.now() < end) counts.closed += 1;
      await pause(20);
    }
  };
  await Promise.all(Array.from({ length: SILENT_CONNECTIONS }, dial));
}

async function shakeHandsAndSayNothing(target: Target, counts: FloodCounts): Promise<void> {
  const open = await Promise.allSettled(
    Array.from({ length: IDLE_CONNECTIONS }, () =>
      FrameConnection.open(target.address, target.tls, false),
    ),
  );
  counts.connections = IDLE_CONNECTIONS;
  counts.closed = open.filter(({ status }) => status === 'rejected').length;
  await pause(target.ms);
  for (const each of open) if (each.status === 'fulfilled') each.value.close();
}

/** TLS handshakes without a certificate, from many addresses. */
async function shakeHandsWithoutCertificate(target: Target, counts: FloodCounts): Promise<void> {
  const [host = '', port] = target.address.split(':');
  await repeatedly(target, HANDSHAKES_AT_ONCE, async () => {
    const localAddress = `127.0.1.${1 + (counts.connections % ADDRESSES)}`;
    counts.connections += 1;
    const socket = connectTls({
      socket: connect({ host, port: Number(port), localAddress }),
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    const late = setTimeout(() => socket.destroy(), target.ms);
    socket.on('error', () => undefined);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    clearTimeout(late);
    counts.closed += 1;
  });
}
