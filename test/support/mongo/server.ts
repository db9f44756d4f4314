import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SOURCE = '.ci/mongo-server';
const PATIENCE_MS = 60_000;
const PORTS_TRIED = 5;

/** PEM files of a server that takes TLS alone, from clients with a certificate. */
export type ServerTls = { readonly cert: string; readonly key: string; readonly ca: string };

/**
 * The server that `.ci/mongo.sh` builds, or the one that QUORATE_MONGO_SERVER names, which is not looked for: there, a test that
 * needs it fails rather than is skipped.
 */
export function findMongoServer(): string | undefined {
  const named = process.env['QUORATE_MONGO_SERVER'];
  if (named !== undefined && named !== '') return named;
  const sum = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) sum.update(readFileSync(join(SOURCE, file)));
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const program = join(cache, 'quorate', `mongo-server-${sum.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  process.stderr.write('SKIPPED: no MongoDB server here; .ci/mongo.sh builds one\n');
  return undefined;
}

/** A server over TCP, on a folder of its own. It can be killed and started again on the same port. */
export class MongoServer implements AsyncDisposable {
  readonly #program: string;
  readonly #folder: string;
  readonly #tls: ServerTls | undefined;
  #port: number;
  #child: ChildProcess | undefined;

  private constructor(program: string, folder: string, port: number, tls: ServerTls | undefined) {
    this.#program = program;
    this.#folder = folder;
    this.#port = port;
    this.#tls = tls;
  }

  /** @param folder - Where it keeps its data; made if need be. */
  static async start(program: string, folder: string, tls?: ServerTls): Promise<MongoServer> {
    mkdirSync(folder, { recursive: true });
    for (let tries = 1; ; tries++) {
      const server = new MongoServer(program, folder, await freePort(), tls);
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Another process was quicker to take the port.
        if (tries === PORTS_TRIED) throw error;
      }
    }
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.#port}/?directConnection=true`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it on its port. It listens when this resolves. */
  async restart(): Promise<void> {
    const { cert, key, ca } = this.#tls ?? {};
    const files = [cert, key, ca].filter((file) => file !== undefined);
    const child = spawn(this.#program, [this.#folder, `127.0.0.1:${this.#port}`, ...files], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let said = '';
    const ended = once(child, 'exit').then(() => 'ended' as const);
    const late = AbortSignal.timeout(PATIENCE_MS);
    child.stderr?.setEncoding('utf8');
    while (!said.includes('Listening on')) {
      const more = child.stderr === null ? ended : once(child.stderr, 'data', { signal: late });
      const heard = await Promise.race([more, ended]);
      if (heard === 'ended') throw new Error(`the MongoDB server does not start: ${said}`);
      said += String(heard[0]);
    }
    child.stderr?.resume();
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  return port;
}
