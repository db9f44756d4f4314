import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { ClusterError, equal, wordsOf } from '../../common/index.js';
import type { SecretBytes } from '../../crypto/index.js';
import { parseGenesis, voters } from '../../identity/index.js';
import type { MemberRequest } from '../../identity/index.js';
import { joinAddress, splitAddress } from '../../machine/index.js';
import { CALL_MS_MAX, CONNECTIONS_MAX, DELIVERY_BYTES_MAX, HEADER_BYTES_MAX } from './limits.js';
import {
  challengeOf,
  decodeDelivery,
  encodeIntroduction,
  encodeReceipt,
  isProof,
  proveDelivery,
  proveIntroduction,
  proveReceipt,
} from './messages.js';
import type { Delivery } from './messages.js';

/** A node that waits for its genesis: what it shows, and what it takes a genesis by. */
export type Waiting = {
  readonly token: SecretBytes;
  readonly member: MemberRequest;
  /** `member.json`, as it stands. */
  readonly text: string;
  /** Keeps a delivery, durably; once. */
  keep(delivery: Delivery): void;
  /** Says in a line that somebody was refused. */
  refusedOne(why: string): void;
};

/**
 * The port of a node without a genesis, plain HTTP: it shows the node's public half to anybody, and takes a genesis from who
 * has the node's token, once. What it costs a stranger to keep it busy is bounded by connections, bytes and seconds.
 */
export class Desk implements AsyncDisposable {
  readonly #waiting: Waiting;
  readonly #server: Server;
  #isKept = false;
  #tell: () => void = () => undefined;
  /** Resolves when the genesis is kept and its sender has been told. */
  readonly delivered: Promise<void>;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
    this.delivered = new Promise((resolve) => {
      this.#tell = resolve;
    });
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: CALL_MS_MAX,
        requestTimeout: CALL_MS_MAX,
        connectionsCheckingInterval: CALL_MS_MAX / 5,
        keepAlive: false,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
    // A connection that has said nothing is no request yet, and has a bound of its own.
    this.#server.setTimeout(CALL_MS_MAX, (socket) => socket.destroy());
  }

  /** @throws ClusterError `wrong-state` (`CANNOT_LISTEN`). */
  async listen(address: string): Promise<string> {
    const { host, port } = splitAddress(address) ?? { host: '', port: 0 };
    this.#server.listen(port, host);
    try {
      await once(this.#server, 'listening');
    } catch (cause) {
      throw new ClusterError(
        'wrong-state',
        `--listen: cannot listen on ${address}: ${wordsOf(cause)}`,
        { reason: 'CANNOT_LISTEN', cause },
      );
    }
    const bound = this.#server.address();
    return joinAddress(host, typeof bound === 'object' && bound !== null ? bound.port : port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'application/json');
    response.setHeader('connection', 'close');
    try {
      const answer = await this.#answer(request);
      response.end(answer ?? notFound(response));
      if (!this.#isKept) return;
      await once(response, 'close');
      this.#tell();
    } catch (error) {
      const why = error instanceof ClusterError ? error.message : 'cannot be served';
      this.#waiting.refusedOne(why);
      response.statusCode = error instanceof ClusterError && error.code === 'forbidden' ? 403 : 400;
      response.end(JSON.stringify({ error: why }));
    }
  }

  async #answer(request: IncomingMessage): Promise<string | undefined> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node');
    if (request.method === 'GET' && pathname === '/v1/member')
      return this.#introduce(challengeOf(searchParams.get('challenge')));
    if (request.method === 'POST' && pathname === '/v1/genesis')
      return this.#take(await bodyOf(request));
    return undefined;
  }

  #introduce(challenge: Uint8Array): string {
    const { token, member, text } = this.#waiting;
    const proof = proveIntroduction(token, member.nodeId, challenge, text);
    return encodeIntroduction({ member: text, proof });
  }

  #take(body: string): string {
    const { token, member } = this.#waiting;
    const { proof, ...delivery } = decodeDelivery(body);
    if (!isProof(proof, proveDelivery(token, member, delivery))) {
      throw new ClusterError('forbidden', 'The proof of a genesis is not of this node’s token', {
        reason: 'ENROLMENT_PROOF',
      });
    }
    const genesis = parseGenesis(new TextEncoder().encode(delivery.cluster));
    const own = genesis.members.find((each) => each.nodeId === member.nodeId);
    if (own === undefined || !voters(genesis).includes(member.nodeId))
      throw refusedGenesis(`has no voter ${member.nodeId}`);
    if (!equal(own.identityKey, member.identityKey))
      throw refusedGenesis(
        `names another identity key of ${member.nodeId} than this node has made`,
      );
    if (delivery.ca !== genesis.peerCa) throw refusedGenesis('has other authorities than ca');
    if (!this.#isKept) this.#waiting.keep(delivery);
    this.#isKept = true;
    return encodeReceipt(proveReceipt(token, member, genesis.clusterId));
  }
}

function notFound(response: ServerResponse): string {
  response.statusCode = 404;
  return JSON.stringify({ error: 'There is nothing here' });
}

function refusedGenesis(why: string): ClusterError {
  return new ClusterError('invalid-request', `The genesis ${why}`, { reason: 'ENROLMENT_MESSAGE' });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    length += part.length;
    if (length > DELIVERY_BYTES_MAX) {
      throw new ClusterError('invalid-request', `A body is over ${DELIVERY_BYTES_MAX} bytes`, {
        reason: 'ENROLMENT_MESSAGE',
      });
    }
    parts.push(part);
  }
  return new TextDecoder('utf-8', { fatal: false }).decode(Buffer.concat(parts));
}
