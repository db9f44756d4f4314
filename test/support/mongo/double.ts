import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { BSON } from 'mongodb';
import { joinWire, splitWire, wireReply } from './wire.js';
import type { WireMessage } from './wire.js';

type Document = Record<string, unknown>;

/** What a double does with a command: an answer instead of its own, none, or its own and then no word of it. */
export type Fate = Document | 'silent' | 'dropped' | 'done but dropped' | undefined;

/** Two or more of them with one state are a replica set: what it holds, and who is its primary. */
export class SetState {
  readonly documents = new Map<string, Document>();
  /** Answers to writes by session and number: a write that is sent again is not done again. */
  readonly done = new Map<string, Document>();
  readonly members: MongoDouble[] = [];
  primary: MongoDouble | undefined;
  term = 1;

  /** Another member takes writes from now on; nobody, where none is given. */
  elect(primary: MongoDouble | undefined): void {
    this.primary = primary;
    this.term += 1;
  }
}

/**
 * A member of a replica set as far as the wire shows it: it answers discovery, inserts, finds and deletes by `_id`, keeps
 * what it was sent, and fails as a test says. It stands in for what one real server cannot show.
 */
export class MongoDouble implements AsyncDisposable {
  /** Every command but those of discovery, as it came. */
  readonly commands: Document[] = [];
  /** Decides what becomes of a command; asked once for each. */
  fate: (command: Document) => Fate = () => undefined;
  readonly #set: SetState;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  address = '';

  private constructor(set: SetState, tls: TlsOptions | undefined) {
    this.#set = set;
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on('tlsClientError', () => undefined);
  }

  static async start(set = new SetState(), tls?: TlsOptions): Promise<MongoDouble> {
    const double = new MongoDouble(set, tls);
    double.#server.listen(0, '127.0.0.1');
    await once(double.#server, 'listening');
    const address = double.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    double.address = `localhost:${address.port}`;
    set.members.push(double);
    set.primary ??= double;
    return double;
  }

  /** The commands of one name. */
  named(name: string): readonly Document[] {
    return this.commands.filter((command) => name in command);
  }

  /** Breaks all connections; new ones are taken. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.dropAll();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      const split = splitWire(joinWire(rest, bytes));
      rest = split.rest;
      for (const message of split.messages) this.#answer(socket, message);
    });
  }

  #answer(socket: Socket, message: WireMessage): void {
    const { command } = message;
    const isHello = ['hello', 'isMaster', 'ismaster'].some((name) => name in command);
    if (!isHello) this.commands.push(command);
    const fate = isHello ? undefined : this.fate(command);
    if (fate === 'silent') return;
    if (fate === 'dropped') {
      socket.destroy();
      return;
    }
    const answer = typeof fate === 'object' ? fate : isHello ? this.#hello() : this.#do(command);
    if (fate === 'done but dropped') socket.destroy();
    else socket.write(wireReply(message, answer));
  }

  #hello(): Document {
    const isPrimary = this.#set.primary === this;
    return {
      ok: 1,
      setName: 'double',
      hosts: this.#set.members.map(({ address }) => address),
      me: this.address,
      ...(this.#set.primary && { primary: this.#set.primary.address }),
      isWritablePrimary: isPrimary,
      secondary: !isPrimary,
      setVersion: 1,
      ...(isPrimary && { electionId: BSON.ObjectId.createFromTime(this.#set.term) }),
      minWireVersion: 0,
      maxWireVersion: 21,
      maxBsonObjectSize: 16 * 1024 * 1024,
      maxMessageSizeBytes: 48_000_000,
      maxWriteBatchSize: 100_000,
      logicalSessionTimeoutMinutes: 30,
      localTime: new Date(),
    };
  }

  #do(command: Document): Document {
    const isWrite = ['insert', 'delete', 'update', 'create'].some((name) => name in command);
    if ((isWrite || 'find' in command) && this.#set.primary !== this) return NOT_PRIMARY;
    if (!isWrite) return this.#read(command);
    const name = nameOfWrite(command);
    const before = name === undefined ? undefined : this.#set.done.get(name);
    if (before !== undefined) return before;
    const answer = this.#write(command);
    if (name !== undefined) this.#set.done.set(name, answer);
    return answer;
  }

  #read(command: Document): Document {
    if (!('find' in command)) return { ok: 1 };
    const { _id: asked } = (command['filter'] ?? {}) as { _id?: unknown };
    const found = [...this.#set.documents].filter(
      ([place, { _id }]) =>
        place.startsWith(`${String(command['find'])}/`) &&
        (asked === undefined || typeof asked === 'object' || _id === asked),
    );
    const firstBatch = found.map(([, document]) => document);
    return { ok: 1, cursor: { id: 0n, ns: 'double.x', firstBatch } };
  }

  #write(command: Document): Document {
    const { documents } = this.#set;
    let n = 0;
    for (const each of listOf(command, 'documents')) {
      const place = `${String(command['insert'])}/${String(each['_id'])}`;
      if (documents.has(place)) return { ok: 1, n, writeErrors: [DUPLICATE] };
      documents.set(place, each);
      n += 1;
    }
    for (const { q } of listOf(command, 'deletes')) {
      const { _id } = q as Document;
      if (documents.delete(`${String(command['delete'])}/${String(_id)}`)) n += 1;
    }
    return { ok: 1, n };
  }
}

/** What a member answers that does not take writes. */
export const NOT_PRIMARY = {
  ok: 0,
  code: 10_107,
  codeName: 'NotWritablePrimary',
  errmsg: 'not primary',
  errorLabels: ['RetryableWriteError'],
};
const DUPLICATE = { index: 0, code: 11_000, errmsg: 'E11000 duplicate key error' };

function listOf(command: Document, field: string): readonly Document[] {
  const list = command[field];
  return Array.isArray(list) ? (list as Document[]) : [];
}

/** The name by which a server knows a write that is sent again. */
function nameOfWrite({ lsid, txnNumber }: Document): string | undefined {
  return txnNumber === undefined ? undefined : BSON.EJSON.stringify({ lsid, txnNumber });
}
