import { linkSync, renameSync, unlinkSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { Server } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { ClusterError, codeOf, toHex } from '../common/index.js';
import { systemRandom } from './random.js';

/** Held until released or until the process ends, however it ends. */
export interface Lock {
  release(): Promise<void>;
}

/** The longest path in the kernel's address of a Unix socket (Linux 108, macOS 104, both with a zero at the end). */
const SOCKET_PATH_BYTES_MAX = 103;
/** A stale socket can be cleared away and another process be faster; then its lock is found. */
const ATTEMPTS_MAX = 3;

/**
 * Takes the data directory for this process, by listening on `lock.sock` in it: the kernel forgets a listener with its
 * process, so a socket that no process answers is stale, and no process id has to be guessed about.
 *
 * @throws ClusterError `wrong-state` (`DATA_DIRECTORY_IN_USE`) when another process has it.
 */
export async function lockDataDirectory(directory: string): Promise<Lock> {
  const path = shortest(join(directory, 'lock.sock'));
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const server = await listen(path);
    if (server !== undefined) return { release: () => close(server) };
    if (await isAnswered(path)) break;
    await clearStale(path);
  }
  throw new ClusterError('wrong-state', `Another process uses the data directory ${directory}`, {
    reason: 'DATA_DIRECTORY_IN_USE',
  });
}

/** Claims that a process has the data directory. Nothing is taken, and nothing is changed. */
export function isInUse(directory: string): Promise<boolean> {
  return isAnswered(shortest(join(directory, 'lock.sock')));
}

/** The way to `path` that fits into a socket's address, from the root or from here. */
function shortest(path: string): string {
  const ways = [resolve(path), relative(process.cwd(), path)];
  const way = ways.sort((a, b) => Buffer.byteLength(a) - Buffer.byteLength(b))[0] ?? path;
  if (Buffer.byteLength(way) <= SOCKET_PATH_BYTES_MAX) return way;
  throw new ClusterError('invalid-request', `The path of the data directory is too long: ${path}`, {
    field: 'data_dir',
  });
}

/** A listener on `path`, or `undefined` when something is there already. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? done(undefined) : fail(error),
    );
    server.listen(path, () => {
      // The server holds the lock, and does not keep the process alive.
      server.unref();
      done(server);
    });
  });
}

/** Claims that a process listens on `path`. The kernel accepts for it, so one that is stopped or busy counts too. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    // A full backlog is a living process; refused or gone is none.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/**
 * Removes a socket that no process answers. Two processes may find the same stale one: the first clears it and listens, and
 * the second must not remove the first's. So it is moved aside, asked again, and put back when it lives.
 */
async function clearStale(path: string): Promise<void> {
  const aside = `${path}.${toHex(systemRandom.bytes(4))}`;
  try {
    renameSync(path, aside);
    if (await isAnswered(aside)) linkSync(aside, path);
    unlinkSync(aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}
