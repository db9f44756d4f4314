import { setImmediate } from 'node:timers/promises';
import type { PartyIndex } from '../../../src/common/index.js';
import { startSession } from '../../../src/mpc/index.js';
import type { Protocol, Rounds, Session } from '../../../src/mpc/index.js';
import type { Signer } from '../../../src/ports/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { seededRandom, testSigner, testVerify } from '../../support/builders/frost-exchange.js';

export type Message = {
  readonly from: PartyIndex;
  readonly to: PartyIndex;
  readonly envelope: Envelope;
};

export const SESSION = new Uint8Array(32).fill(5);
const signers = [1, 2, 3, 4, 5].map((index) => testSigner(`node-${index}`));

export function signerOf(index: PartyIndex): Signer {
  const signer = signers[index - 1];
  if (signer === undefined) throw new Error('there are five');
  return signer;
}

/** Sessions of one protocol among `count` participants, whose messages wait until they are delivered. */
export class Network<R extends Rounds> {
  readonly sessions: readonly Session<R>[];
  #queue: Message[] = [];

  constructor(start: (parts: Parts, index: PartyIndex) => Session<R>, count: number) {
    const identityKeys = signers.slice(0, count).map(({ publicKey }) => publicKey);
    this.sessions = identityKeys.map((_, at) =>
      start(
        {
          sessionId: SESSION,
          index: at + 1,
          identityKeys,
          signer: signerOf(at + 1),
          verify: testVerify,
          random: seededRandom(at + 1),
          send: (to, envelope) => this.#queue.push({ from: at + 1, to, envelope }),
        },
        at + 1,
      ),
    );
  }

  /** The messages that wait. */
  take(): Message[] {
    return this.#queue.splice(0);
  }

  deliver(messages: readonly Message[]): void {
    for (const { from, to, envelope } of messages) this.sessions[to - 1]?.receive(from, envelope);
  }

  /** Delivers until nothing moves, each batch as `order` puts or alters it. */
  async settle(order: (batch: Message[]) => readonly Message[] = (batch) => batch): Promise<void> {
    do {
      this.deliver(order(this.take()));
      await setImmediate();
      await setImmediate();
    } while (this.#queue.length > 0);
  }

  close(): void {
    for (const session of this.sessions) session.close(new Error('the test is over'));
  }
}

type Parts = Omit<Parameters<typeof startSession>[0], 'protocol' | 'groups'>;

/** All participants take part in every round. */
export function networkOf<R extends Rounds>(protocol: Protocol<R>, count: number): Network<R> {
  return new Network((parts) => startSession({ ...parts, protocol, groups: {} }), count);
}

export async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  promise.catch(() => undefined);
  return Promise.race([promise.then(() => false), setImmediate(true)]);
}
