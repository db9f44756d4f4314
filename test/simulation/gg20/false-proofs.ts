import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Network } from '../../../src/ports/index.js';
import { Command, decode, decodeTaskMessage } from '../../../src/wire/index.js';
import type { Report } from '../checkers/facts.js';

/**
 * By messages of which every bit is proved or committed to: what their receiver says only when that has held. Messages with hashes, which
 * are looked at when somebody is blamed, are not among them, nor what round 1 says to all, whose lies show later.
 */
const NEXT: Readonly<Record<string, string>> = {
  ...presignNext('gg20-sign'),
  ...presignNext('gg20-presign'),
  'prepare/open': 'prepare/prove',
  'prepare/parameters': 'prepare/prove',
  'prepare/prove': 'prepared',
  'prepare/prove to each': 'prepared',
};

function presignNext(protocol: string): Readonly<Record<string, string>> {
  return {
    [`${protocol}/nonce to each`]: `${protocol}/answer`,
    [`${protocol}/answer to each`]: `${protocol}/sums`,
    [`${protocol}/gamma`]: `${protocol}/rb`,
    [`${protocol}/rb`]: `${protocol}/s`,
    [`${protocol}/rb to each`]: `${protocol}/s`,
  };
}

/**
 * Every proof is checked: an honest node that was sent a false one says nothing in that session that follows from it.
 */
export class FalseProofs {
  /** By session, node and word: the false message because of which it may not be said. */
  readonly #forbidden = new Map<string, string>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** `node` was sent a false message. */
  sent(session: string, word: string, node: NodeId): void {
    const next = NEXT[word];
    if (next !== undefined) this.#forbidden.set(`${session} ${node} ${next}`, word);
  }

  /** What the replica of an honest node speaks over. */
  watching(node: NodeId, network: Network): Network {
    return {
      send: (to, channel, bytes) => {
        if (channel === 'tasks' && this.#forbidden.size > 0) this.#says(node, bytes);
        network.send(to, channel, bytes);
      },
    };
  }

  #says(node: NodeId, bytes: Uint8Array): void {
    const message = decodeTaskMessage(bytes)?.message;
    if (message?.$case === 'envelope') {
      this.#look(node, toHex(message.value.sessionId), message.value.kind);
    }
    if (message?.$case !== 'fact') return;
    const command = decode(Command, message.value.command)?.command;
    const preparation = command?.$case === 'prepared' ? command.value.preparation : undefined;
    if (preparation !== undefined) this.#look(node, toHex(preparation.sessionId), 'prepared');
  }

  #look(node: NodeId, session: string, word: string): void {
    const lie = this.#forbidden.get(`${session} ${node} ${word}`);
    if (lie === undefined) return;
    this.#forbidden.delete(`${session} ${node} ${word}`);
    this.#report('FalseProof', `${node} says ${word} of ${session} after a false ${lie}`);
  }
}
