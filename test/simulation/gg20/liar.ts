import { toHex, type NodeId } from '../../../src/common/index.js';
import { SESSION_SHARE_KIND } from '../../../src/gg20/index.js';
import { preparedBytes } from '../../../src/identity/index.js';
import type { ClusterId } from '../../../src/common/index.js';
import { signEnvelope, TO_ALL } from '../../../src/mpc/index.js';
import type { Network, Signer } from '../../../src/ports/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import {
  Command,
  decode,
  decodeTaskMessage,
  encodeTaskMessage,
  type Envelope,
  type TaskMessageBody,
} from '../../../src/wire/index.js';
import { flipped } from '../../support/adversary/forgery.js';
import type { OneLie } from '../fault-rates.js';
import type { Rng } from '../rng.js';

/** Of its sessions, those in which it lies. */
const LIES = 0.6;
/** Its word in the log, after the session. */
const PREPARED = 'prepared';
const SIGN = ['nonce', 'sums', 'gamma', 'rb', 's', 'ready'];
const PREPARE = ['commit', 'open', 'parameters', 'prove'];
/** A protocol's words, in any of which a lie may begin: its rounds, and half as often the echoes of them. */
const WORDS: readonly (readonly string[])[] = [
  [...presignWords('gg20-sign'), SESSION_SHARE_KIND],
  presignWords('gg20-presign'),
  ['gg20-online/accept', 'gg20-online/accept-echo'],
  [
    ...PREPARE.map((round) => `prepare/${round}`),
    toEach('prepare/prove'),
    PREPARED,
    ...PREPARE.map((round) => `prepare/${round}-echo`),
  ],
].map((words) => [...words, ...words.filter((word) => !word.endsWith('-echo'))]);

/** The rounds of a presignature, which are those of an interactive signature too. */
function presignWords(protocol: string): readonly string[] {
  return [
    ...SIGN.map((round) => `${protocol}/${round}`),
    ...['nonce', 'answer', 'rb'].map((round) => toEach(`${protocol}/${round}`)),
    ...SIGN.map((round) => `${protocol}/${round}-echo`),
  ];
}

/** A kind's messages to single receivers, as a word of their own. */
function toEach(kind: string): string {
  return `${kind} to each`;
}

/** The answers to the other signers' nonces, which are proved. */
const ANSWERS: ReadonlySet<string> = new Set([
  toEach('gg20-sign/answer'),
  toEach('gg20-presign/answer'),
]);

/** How it lies: by one message for all or for one receiver, or by silence from there on. */
type Lie = {
  readonly word: string;
  readonly form: 'false to all' | 'false to one' | 'silent';
  /** Draws the one receiver. */
  readonly draw: number;
  /** Which bit is wrong. */
  readonly place: number;
};

/** Told of each false message to a node: the node gets no other one of its session and word. */
export type ToldFalse = (session: string, word: string, to: NodeId) => void;

export type LiarParts = {
  readonly signer: Signer;
  readonly clusterId: ClusterId;
  /** The other nodes. */
  readonly peers: readonly NodeId[];
  readonly rng: Rng;
  /** It tells no other lie than this one. */
  readonly only: OneLie | undefined;
  readonly toldFalse: ToldFalse;
  /** Told of every lie, by name. */
  told(lie: string): void;
};

/**
 * A participant of GG20 that lies in each of its rounds. An honest replica runs beneath; what it says is altered, and signed
 * again, so that it is the liar's own word.
 */
export class Gg20Liar {
  readonly #parts: LiarParts;
  readonly #lies = new Map<string, Lie | undefined>();
  /** Sessions in which it says nothing any more. */
  readonly #silent = new Set<string>();

  constructor(parts: LiarParts) {
    this.#parts = parts;
  }

  /** What its replica speaks over. */
  over(network: Network): Network {
    return {
      send: (to, channel, bytes) => {
        const message = channel === 'tasks' ? decodeTaskMessage(bytes) : undefined;
        const instead = message && this.#instead(to, message);
        if (message === undefined || instead === message) network.send(to, channel, bytes);
        else if (instead !== undefined) network.send(to, channel, encodeTaskMessage(instead));
      },
    };
  }

  /** The same message, another, or none. */
  #instead(to: NodeId, message: TaskMessageBody): TaskMessageBody | undefined {
    const body = message.message;
    switch (body?.$case) {
      case 'envelope': {
        const value = this.#envelope(to, body.value);
        if (value === body.value) return message;
        return value && { message: { $case: 'envelope', value } };
      }
      case 'contribution': {
        const { envelope } = body.value;
        const other = envelope && this.#envelope(to, envelope);
        if (other === envelope) return message;
        return (
          other && { message: { $case: 'contribution', value: { ...body.value, envelope: other } } }
        );
      }
      case 'fact': {
        const command = this.#fact(body.value.command);
        return command === undefined ? message : { message: { $case: 'fact', value: { command } } };
      }
      case 'decline':
      case 'forward':
      case 'order':
      case 'forwardRefused':
      case 'freshSupplies':
      case 'observation':
      case 'probe':
      case 'probeAnswer':
      case 'result':
      case 'wantSupplies':
      case undefined:
        return message;
    }
  }

  #envelope(receiver: NodeId, envelope: Envelope): Envelope | undefined {
    const { sessionId, kind, from, to, content } = envelope;
    const session = toHex(sessionId);
    const word = to === TO_ALL || kind === SESSION_SHARE_KIND ? kind : toEach(kind);
    const words = WORDS.find((each) => each.includes(word));
    if (words === undefined || content?.$case !== 'open') return envelope;
    if (this.#silent.has(session)) return undefined;
    const lie = this.#lieIn(session, words);
    if (lie?.word !== word) return envelope;
    const { peers, signer } = this.#parts;
    if (lie.form === 'silent') {
      this.#silent.add(session);
      this.#parts.told(`silence from ${word} on`);
      return undefined;
    }
    const victim = peers[lie.draw % peers.length];
    if (lie.form === 'false to one' && receiver !== victim) return envelope;
    const { body } = content.value;
    this.#parts.told(`${word} that is wrong, ${lie.form}`);
    this.#parts.toldFalse(session, word, receiver);
    // A private message has another body for each receiver, and a broadcast one body for those who are lied to.
    const place = to === TO_ALL ? lie.place : lie.place + to;
    return signEnvelope(signer, sessionId, kind, from, to, flipped(body, place % body.length));
  }

  #lieIn(session: string, words: readonly string[]): Lie | undefined {
    if (this.#lies.has(session)) return this.#lies.get(session);
    const { only, rng } = this.#parts;
    const chosen = only === 'answers' ? words.filter((word) => ANSWERS.has(word)) : words;
    if (chosen.length === 0) return undefined;
    const lie: Lie = {
      word: rng.pick(chosen),
      form: rng.pick(['false to all', 'false to one', 'silent']),
      draw: rng.int(60),
      place: rng.u32(),
    };
    const told = rng.chance(LIES) ? lie : undefined;
    this.#lies.set(session, told);
    return told;
  }

  /** Its own `prepared`, of another digest. */
  #fact(bytes: Uint8Array): Uint8Array | undefined {
    const command = decode(Command, bytes)?.command;
    if (command?.$case !== 'prepared' || command.value.preparation === undefined) return undefined;
    const { preparation } = command.value;
    const lie = this.#lies.get(toHex(preparation.sessionId));
    if (lie?.word !== PREPARED) return undefined;
    this.#parts.told('prepared that is wrong');
    const other = { ...preparation, digest: flipped(preparation.digest) };
    const signature = this.#parts.signer.sign(preparedBytes(this.#parts.clusterId, other));
    return encodeCommand({
      $case: 'prepared',
      value: { ...command.value, preparation: other, signature },
    });
  }
}
