import { fromHex, type Boot, type NodeId } from '../../../src/common/index.js';
import type { Envelope, Supply, Request, TaskMessageBody } from '../../../src/wire/index.js';
import { decode, Request as RequestMessage } from '../../../src/wire/index.js';

const KEPT_MAX = 64;

/** The messages that a malicious node has received, and may use against their senders. */
export class Observed {
  /** Requests that came to be proposed, and are not yet. */
  readonly forwarded: Request[] = [];
  /** Every request that it ever saw. */
  readonly requests: Request[] = [];
  /** Signed facts: encoded commands. */
  readonly facts: Uint8Array[] = [];
  readonly pastFacts: Uint8Array[] = [];
  /** Messages of sessions, to be replayed. */
  readonly envelopes: Envelope[] = [];
  readonly #supplies = new Map<string, Supply[]>();
  readonly #boots = new Map<string, Uint8Array>();

  connected(peer: NodeId, boot: Boot): void {
    this.#boots.set(peer, fromHex(boot) ?? new Uint8Array(16));
    for (const name of this.#supplies.keys())
      if (name.startsWith(`${peer}/`)) this.#supplies.delete(name);
  }

  bootOf(node: string): Uint8Array | undefined {
    return this.#boots.get(node);
  }

  hear(from: NodeId, { message }: TaskMessageBody): void {
    switch (message?.$case) {
      case 'freshSupplies':
        return this.#pool(from, message.value.keyId, message.value.supplies);
      case 'contribution':
      case 'decline': {
        const { envelope, freshSupplies } = message.value;
        if (envelope !== undefined) keep(this.envelopes, envelope);
        if (freshSupplies === undefined) return;
        return this.#pool(from, freshSupplies.keyId, freshSupplies.supplies);
      }
      case 'envelope':
        return keep(this.envelopes, message.value);
      case 'forward': {
        const request = decode(RequestMessage, message.value.request);
        if (request === undefined) return;
        keep(this.forwarded, request);
        return keep(this.requests, request);
      }
      case 'fact':
        keep(this.facts, message.value.command);
        return keep(this.pastFacts, message.value.command);
      case 'observation':
      case 'probe':
      case 'probeAnswer':
      case 'wantSupplies':
      case 'order':
      case 'result':
      case 'forwardRefused':
      case undefined:
        return;
    }
  }

  /** The newest commitment of `node` for a key, which is used up unless it is to be named again. */
  supply(node: string, keyId: string, again: boolean): Supply | undefined {
    const supplies = this.#supplies.get(`${node}/${keyId}`);
    return again ? supplies?.at(-1) : supplies?.pop();
  }

  #pool(from: NodeId, keyId: string, supplies: readonly Supply[]): void {
    const name = `${from}/${keyId}`;
    const pool = this.#supplies.get(name) ?? [];
    this.#supplies.set(name, [...pool, ...supplies].slice(-KEPT_MAX));
  }
}

function keep<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > KEPT_MAX) list.shift();
}
