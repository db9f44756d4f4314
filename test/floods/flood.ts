import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@grpc/grpc-js';
import { utf8 } from '../../src/common/index.js';
import type { TlsFiles } from '../../src/rpc/index.js';
import { encode, SignRequest } from '../../src/wire/index.js';
import { METHODS } from '../inputs/table.js';
import {
  callHeaders,
  CONTINUATION,
  DATA,
  END_HEADERS,
  frame,
  FrameConnection,
  headerBlock,
  HEADERS,
  PING,
  PRIORITY,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../support/wire/http2-frames.js';
import { channelFor } from '../unit/rpc/server-fixture.js';

/** Whom a flood is sent to, and how long. */
export type Target = {
  readonly address: string;
  readonly tls: TlsFiles;
  readonly ms: number;
  /** A key that the sender may sign with. */
  readonly keyId: string;
};

/** What a flood did and what it met. */
export type FloodCounts = {
  connections: number;
  /** Of those, how many the node closed. */
  closed: number;
  bytes: number;
  /** Streams or calls that were begun. */
  streams: number;
  /** Calls that were answered with OK, and with RESOURCE_EXHAUSTED. */
  answered: number;
  refused: number;
};

type Flood = (target: Target, counts: FloodCounts) => Promise<void>;

const CHUNK_FRAMES = 512;
const SILENT_CONNECTIONS = 200;
const IDLE_CONNECTIONS = 40;
/** What one connection may have open. */
const STREAMS = 100;
/** Calls in flight: ten times those of the client beside it, and ten times that again. */
const CALLS_IN_FLIGHT = 100;

export const FLOODS: Readonly<Record<string, Flood>> = {
  PING: frames(frame(PING, 0, 0, Buffer.alloc(8))),
  SETTINGS: frames(frame(SETTINGS, 0, 0)),
  WINDOW_UPDATE: frames(frame(WINDOW_UPDATE, 0, 0, Buffer.of(0, 0, 0, 1))),
  PRIORITY: frames(frame(PRIORITY, 0, 1, Buffer.of(0, 0, 0, 3, 1))),
  'unknown frames': frames(frame(0xbb, 0, 0, Buffer.alloc(100))),
  CONTINUATION: continuation,
  'rapid reset': rapidReset,
  'half messages': halfMessages,
  'silent TCP': silentTcp,
  'silent TLS': silentTls,
  Sign: overload,
};

/** Sends the flood for as long as the target says, with a new connection whenever one is closed. */
export async function runFlood(name: string, target: Target): Promise<FloodCounts> {
  const counts = { connections: 0, closed: 0, bytes: 0, streams: 0, answered: 0, refused: 0 };
  const flood = FLOODS[name];
  if (flood === undefined) throw new Error(`There is no flood ${name}`);
  await flood(target, counts);
  return counts;
}

function frames(one: Buffer): Flood {
  const chunk = Buffer.concat(Array.from({ length: CHUNK_FRAMES }, () => one));
  return repeated(async (connection, isOver) => {
    while (!connection.isOver && !isOver()) await connection.write(chunk);
  });
}

/** One connection after the other, each used until the node closes it. */
function repeated(
  use: (connection: FrameConnection, isOver: () => boolean, counts: FloodCounts) => Promise<void>,
): Flood {
  return async (target, counts) => {
    const end = performance.now() + target.ms;
    const isOver = (): boolean => performance.now() >= end;
    while (!isOver()) {
      const connection = await FrameConnection.open(target.address, target.tls);
      counts.connections += 1;
      // One that is given up but not closed is not waited for beyond the end.
      const late = setTimeout(() => connection.close(), Math.max(end - performance.now(), 0));
      await use(connection, isOver, counts);
      if (connection.isOver && !isOver()) counts.closed += 1;
      counts.bytes += connection.socket.bytesWritten;
      connection.close();
      clearTimeout(late);
    }
  };
}

function continuation(target: Target, counts: FloodCounts): Promise<void> {
  const part = headerBlock({ 'x-part': 'a'.repeat(1_000) });
  return repeated(async (connection, isOver) => {
    counts.streams += 1;
    await connection.write(frame(HEADERS, 0, 1, headerBlock(callHeaders(METHODS.sign))));
    while (!connection.isOver && !isOver()) await connection.write(frame(CONTINUATION, 0, 1, part));
  })(target, counts);
}

function rapidReset(target: Target, counts: FloodCounts): Promise<void> {
  const block = headerBlock(callHeaders(METHODS.sign));
  const cancel = Buffer.of(0, 0, 0, 8);
  return repeated(async (connection, isOver) => {
    for (let stream = 1; !connection.isOver && !isOver(); stream += 2) {
      const opened = frame(HEADERS, END_HEADERS, stream, block);
      counts.streams += 1;
      await connection.write(Buffer.concat([opened, frame(RST_STREAM, 0, stream, cancel)]));
    }
  })(target, counts);
}

function halfMessages(target: Target, counts: FloodCounts): Promise<void> {
  const block = headerBlock(callHeaders(METHODS.sign));
  const half = Buffer.of(0, 0, 0, 0, 10, 1);
  return repeated(async (connection, isOver) => {
    for (let at = 0; at < STREAMS; at++) {
      const stream = 2 * at + 1;
      counts.streams += 1;
      await connection.write(
        Buffer.concat([frame(HEADERS, END_HEADERS, stream, block), frame(DATA, 0, stream, half)]),
      );
    }
    while (!connection.isOver && !isOver()) await pause(20);
  })(target, counts);
}

async function silentTcp(target: Target, counts: FloodCounts): Promise<void> {
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

async function silentTls(target: Target, counts: FloodCounts): Promise<void> {
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

/** A client that signs as fast as it is let. */
async function overload(target: Target, counts: FloodCounts): Promise<void> {
  const client = new Client(target.address, channelFor(target.tls), {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.enable_retries': 0,
  });
  counts.connections = 1;
  const end = performance.now() + target.ms;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      counts.streams += 1;
      const request = SignRequest.fromPartial({
        requestId: `flood-${process.pid}-${counts.streams}`,
        keyId: target.keyId,
        payload: { $case: 'message', value: utf8('flood') },
      });
      const code = await new Promise<number>((resolve) => {
        client.makeUnaryRequest(
          METHODS.sign,
          (bytes: Uint8Array) => Buffer.from(bytes),
          (bytes) => bytes,
          encode(SignRequest, request),
          { deadline: Date.now() + 20_000 },
          (error) => resolve(error?.code ?? 0),
        );
      });
      if (code === 0) counts.answered += 1;
      if (code === 8) counts.refused += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, work));
  client.close();
}
