import type { NodeId } from '../common/index.js';
import type { Logger } from '../ports/index.js';
import { decodeTaskMessage } from '../wire/index.js';
import type { TaskMessageBody } from '../wire/index.js';

type Message = NonNullable<TaskMessageBody['message']>;

/** The handler of each message that a peer can send. */
export type Handlers = {
  /** @param bytes - The length of the message, 0 for this node's own. */
  readonly [M in Message as M['$case']]: (from: NodeId, value: M['value'], bytes: number) => void;
};

/** Takes what peers, and this node itself, send about tasks: each message to its handler. */
export class Router {
  readonly #logger: Logger;
  readonly #handlers: Handlers;

  constructor(logger: Logger, handlers: Handlers) {
    this.#logger = logger;
    this.#handlers = handlers;
  }

  /** Takes one message of a peer's stream: any bytes. */
  receive(from: NodeId, bytes: Uint8Array): void {
    const message = decodeTaskMessage(bytes);
    if (message === undefined) {
      this.#logger.debug('a task message that cannot be read', { peer: from });
      return;
    }
    this.deliver(from, message, bytes.length);
  }

  /** Takes one message of a peer, or of this node itself. */
  deliver(from: NodeId, { message }: TaskMessageBody, bytes = 0): void {
    switch (message?.$case) {
      case 'envelope':
        return this.#handlers.envelope(from, message.value, bytes);
      case 'contribution':
        return this.#handlers.contribution(from, message.value, bytes);
      case 'decline':
        return this.#handlers.decline(from, message.value, bytes);
      case 'wantSupplies':
        return this.#handlers.wantSupplies(from, message.value, bytes);
      case 'freshSupplies':
        return this.#handlers.freshSupplies(from, message.value, bytes);
      case 'forward':
        return this.#handlers.forward(from, message.value, bytes);
      case 'forwardRefused':
        return this.#handlers.forwardRefused(from, message.value, bytes);
      case 'fact':
        return this.#handlers.fact(from, message.value, bytes);
      case 'order':
        return this.#handlers.order(from, message.value, bytes);
      case 'result':
        return this.#handlers.result(from, message.value, bytes);
      case 'probe':
        return this.#handlers.probe(from, message.value, bytes);
      case 'probeAnswer':
        return this.#handlers.probeAnswer(from, message.value, bytes);
      case 'observation':
        return this.#handlers.observation(from, message.value, bytes);
      case undefined:
        return;
    }
  }
}
