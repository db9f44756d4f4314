import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

type Pair = { readonly near: Socket; readonly far: Socket; isSilent: boolean };

/**
 * One direction of dialling between two parties of a test, as a TCP proxy: whoever dials it reaches `target`, until it
 * is cut. What the dialling side says can be held back, and is counted either way.
 */
export class Wire {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #held: { readonly to: Socket; readonly bytes: Buffer }[] = [];
  #target: string | undefined;
  #isCut = false;
  #holds = false;
  #isSilent = false;
  /** Connections that were taken in silence: how many, and which are still open. */
  #silenced = 0;
  readonly #silent = new Set<Socket>();
  #saidBytes = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (near: Socket) => this.#accept(near));
  }

  /** A wire that leads nowhere yet: it refuses until it has a target. */
  static async open(): Promise<Wire> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Wire(server);
  }

  /** Where to dial, `host:port`: the same for as long as the wire is open. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  /** Bytes that the dialling side has said since the wire was opened, delivered or held. */
  get saidBytes(): number {
    return this.#saidBytes;
  }

  /** Leads to `address` from now on, or nowhere; connections to the target before are cut. */
  lead(address: string | undefined): void {
    this.#target = address;
    this.#drop();
  }

  /** Cuts what is connected and refuses what dials, until `mend`. */
  cut(): void {
    this.#isCut = true;
    this.#drop();
  }

  mend(): void {
    this.#isCut = false;
    this.#isSilent = false;
  }

  /**
   * Drops all bytes in both directions, until `mend`, and takes connections in silence: a network that drops everything, or
   * a frozen machine. Connections from before `mend` stay silent for good.
   */
  silence(): void {
    this.#isSilent = true;
    for (const pair of this.#pairs) pair.isSilent = true;
  }

  /** Connections that were taken in silence so far, and those of them that the dialling side has closed. */
  get silenced(): { readonly taken: number; readonly closed: number } {
    return { taken: this.#silenced, closed: this.#silenced - this.#silent.size };
  }

  /** Delivers nothing more of what the dialling side says; connections stay. Cut connections lose what was held. */
  hold(): void {
    this.#holds = true;
  }

  /** Delivers what was held, in order, and all that follows. */
  release(): void {
    this.#holds = false;
    for (const { to, bytes } of this.#held.splice(0)) to.write(bytes);
  }

  async close(): Promise<void> {
    this.lead(undefined);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    const target = this.#target;
    if (this.#isSilent) {
      this.#takeInSilence(near);
      return;
    }
    if (this.#isCut || target === undefined) {
      near.on('error', () => undefined);
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port: Number(target.split(':')[1]), host: '127.0.0.1', noDelay: true });
    const pair: Pair = { near, far, isSilent: false };
    this.#pairs.add(pair);
    near.on('data', (bytes: Buffer) => {
      this.#saidBytes += bytes.length;
      if (pair.isSilent) return;
      if (this.#holds) this.#held.push({ to: far, bytes });
      else far.write(bytes);
    });
    far.on('data', (bytes: Buffer) => {
      if (!pair.isSilent) near.write(bytes);
    });
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      // Half-open connections are of no use to gRPC: one side's end is the other's.
      socket.on('end', () => this.#end(pair));
      socket.on('close', () => this.#end(pair));
    }
  }

  #takeInSilence(near: Socket): void {
    this.#silenced += 1;
    this.#silent.add(near);
    // Without a reader Node does not tell that the far end has closed.
    near.on('error', () => undefined).resume();
    near.on('close', () => this.#silent.delete(near));
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    this.#forget(pair);
    pair.near.end();
    pair.far.end();
  }

  #drop(): void {
    for (const pair of this.#pairs) {
      this.#forget(pair);
      pair.near.resetAndDestroy();
      pair.far.resetAndDestroy();
    }
    this.#pairs.clear();
    for (const near of this.#silent) near.destroy();
  }

  #forget({ far }: Pair): void {
    const kept = this.#held.filter(({ to }) => to !== far);
    this.#held.splice(0, Infinity, ...kept);
  }
}
