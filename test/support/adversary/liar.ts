import { BOOT_BYTES, bootId } from '../../../src/common/index.js';
import type { LogIndex, NodeId, Term } from '../../../src/common/index.js';
import { BUILD_LEVEL } from '../../../src/identity/index.js';
import type {
  Channel,
  Clock,
  Entry,
  HardState,
  Network,
  Random,
  Timer,
} from '../../../src/ports/index.js';
import {
  createRaft,
  decodeMessage,
  encodeMessage,
  ZERO_HASH,
  type Acknowledgement,
  type Message,
  type Raft,
  type RaftConfig,
} from '../../../src/raft/index.js';
import {
  decodeTaskMessage,
  encode,
  encodeTaskMessage,
  RaftMessage,
} from '../../../src/wire/index.js';
import type { TaskMessageBody } from '../../../src/wire/index.js';
import { Listener } from './liar-listener.js';
import { SentLog } from './sent-log.js';

export type LiarParts = {
  readonly self: NodeId;
  readonly voters: readonly NodeId[];
  readonly genesis: RaftConfig['genesis'];
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  /** Signs what it acknowledges; without it the signature is none that holds. */
  readonly signs?: (said: Acknowledgement) => Acknowledgement;
  /** What it remembers of its honest days; nothing unless given. */
  readonly remembered?: { readonly hardState: HardState; readonly entries: readonly Entry[] };
};

/** An honest replica of the same node, which the liar speaks for. */
export type Beneath = {
  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void;
};

const HEARTBEAT_TICKS = 5;

/**
 * A malicious voter that speaks Raft itself, over the network port. It follows and stands for election honestly, by the code
 * under test, until it leads; then every other node gets the {@link SentLog} that the liar has for it, through honest means:
 * entries, acknowledgements, where the logs agree. The lies are in the logs, in {@link say}, and in what is put in place of
 * the hooks. It stores nothing, so a new one begins from what it is given. Nothing happens in it that its ports did not bring.
 *
 * While it does not lead, {@link log} is what it was told, and it votes and acknowledges as it should.
 */
export class Liar {
  readonly self: NodeId;
  readonly peers: readonly NodeId[];
  /** What it would say of its own accord while it follows: other messages instead, or none. */
  onSaying: (message: Message) => readonly Message[] = (message) => [message];
  /** What the replica beneath says to a peer: other messages instead, or none. */
  onSpeaking: (to: NodeId, message: TaskMessageBody) => readonly TaskMessageBody[] = (
    _,
    message,
  ) => [message];
  /** Hears all that comes in on the tasks channel. */
  onHearing: (from: NodeId, message: TaskMessageBody) => void = () => undefined;
  /** Called when it begins to lead, elected or not. */
  onLeading: () => void = () => undefined;
  /** The answer to whoever asks this leader for a read index; `undefined` refuses. */
  readIndex: () => LogIndex | undefined = () => undefined;
  /** The replica that is fed with what this node believes, or, while it leads, with {@link storyBeneath}. */
  beneath: Beneath | undefined;
  readonly #parts: LiarParts;
  readonly #raft: Raft;
  /** The log as an honest node has it. */
  readonly #log: SentLog;
  readonly #inner: Listener;
  #leading: Leading | undefined;
  #seenTerm: Term = 1;
  /** The last term that it led: once it has resigned, it does not lead that term again. */
  #ledTerm: Term = 0;
  #isPushDue = false;
  #ticks = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: LiarParts) {
    const { self, voters, genesis, random, clock } = parts;
    this.self = self;
    this.peers = voters.filter((voter) => voter !== self);
    this.#parts = parts;
    const nothing = { hardState: { term: 0, votedFor: undefined }, entries: [] };
    const { remembered = nothing } = parts;
    const boot = bootId('0e'.repeat(BOOT_BYTES));
    // It has no disk to read old entries from.
    const limits = { logMemoryBytesMax: Infinity };
    this.#raft = createRaft(
      { id: self, boot, voters, genesis, random, limits },
      remembered,
      clock.now(),
    );
    this.#log = new SentLog(remembered.entries, () => this.#pushSoon());
    this.#raft.restored(0, { level: BUILD_LEVEL, correctionMs: 0 });
    this.#drain();
    this.#inner = new Listener(self, this.#log);
  }

  /** Begins to tick. */
  start(): void {
    this.#timer = this.#parts.clock.after(this.#raft.timing.tickMs, () => this.#tick());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The highest term that it knows of. */
  get term(): Term {
    return Math.max(this.#raft.term, this.#seenTerm, this.#ledTerm);
  }

  get leads(): boolean {
    return this.#leading !== undefined;
  }

  /** Whom it follows; itself while it leads. */
  get leader(): NodeId | undefined {
    return this.#leading === undefined ? this.#raft.leader : this.self;
  }

  /** What honest leaders told it. */
  get log(): SentLog {
    return this.#log;
  }

  /** What it knows to be committed as an honest follower. */
  get commit(): LogIndex {
    return this.#raft.commit;
  }

  /** Takes bytes of a peer's stream. */
  receive(from: NodeId, channel: Channel, bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (channel === 'tasks') {
      const message = decodeTaskMessage(bytes);
      if (message !== undefined) this.onHearing(from, message);
      this.beneath?.receive(from, channel, bytes);
      return;
    }
    const message = decodeMessage(bytes);
    if (message !== undefined && message.from === from) this.#hear(message);
  }

  /** Asks for pre-votes, then votes, at once. Whether it wins is for the others to say. */
  stand(): void {
    if (this.leads) return;
    const { clock } = this.#parts;
    this.#raft.tick(this.#raft.timing.electionTicksMax + 1, clock.now());
    this.#drain();
  }

  /** Speaks as the leader of `term`, whoever was elected. */
  leadUnelected(term: Term = this.term + 1): void {
    this.#lead(term);
  }

  /** Stops to lead, and goes on as it would have without having lied. */
  resign(): void {
    this.#leading = undefined;
    this.#inner.hear(this.#log);
  }

  /** The log of all nodes that were not given another one. */
  get sentLog(): SentLog {
    return this.#led().sentLog;
  }

  /** A log of its own for `nodes`, equal to what they were told so far. */
  fork(nodes: readonly NodeId[]): SentLog {
    const first = this.#led().listeners.find(({ node }) => nodes.includes(node));
    const fork = new SentLog((first?.sentLog ?? this.sentLog).entries, () => this.#pushSoon());
    this.tell(fork, nodes);
    return fork;
  }

  /** From now on `nodes` get this log. Only in a new term can they unlearn entries of another one. */
  tell(sentLog: SentLog, nodes: readonly NodeId[]): void {
    for (const listener of [...this.#led().listeners, this.#inner]) {
      if (nodes.includes(listener.node)) listener.hear(sentLog);
    }
    this.#pushSoon();
  }

  /** How far `node` has acknowledged its log. */
  matchOf(node: NodeId): LogIndex {
    return this.#leading?.listeners.find((each) => each.node === node)?.match ?? 0;
  }

  /** The entry that `node` has refused for its time, and has not taken since. */
  refusedTimeOf(node: NodeId): LogIndex | undefined {
    return this.#leading?.listeners.find((each) => each.node === node)?.refusedTime;
  }

  sentLogOf(node: NodeId): SentLog {
    return this.#led().listeners.find((each) => each.node === node)?.sentLog ?? this.sentLog;
  }

  /** Says anything to `message.to`, in its own name or another's. */
  say(message: Message): void {
    this.#parts.network.send(message.to, 'raft', encodeMessage(this.#signed(message)));
  }

  #signed(message: Message): Message {
    if (message.type !== 'acknowledgement') return message;
    return this.#parts.signs?.(message) ?? message;
  }

  /** What no encoder of honest nodes would write: kinds of entries that do not exist, for example. */
  sayOnWire(to: NodeId, message: RaftMessage): void {
    this.#parts.network.send(to, 'raft', encode(RaftMessage, message));
  }

  /** Says anything on the tasks channel. */
  speak(to: NodeId, message: TaskMessageBody): void {
    this.#parts.network.send(to, 'tasks', encodeTaskMessage(message));
  }

  /** The network port of the replica beneath. */
  get networkBeneath(): Network {
    return {
      send: (to, channel, bytes) => {
        if (this.#stopped) return;
        if (channel === 'raft') this.#hearBeneath(bytes);
        else {
          const message = decodeTaskMessage(bytes);
          const instead = message === undefined ? [] : this.onSpeaking(to, message);
          for (const each of instead) this.speak(to, each);
        }
      },
    };
  }

  #tick(): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.after(this.#raft.timing.tickMs, () => this.#tick());
    if (this.#leading === undefined) {
      this.#raft.tick(1, this.#parts.clock.now());
      this.#drain();
    }
    if (++this.#ticks % HEARTBEAT_TICKS === 0) this.push();
  }

  #hear(message: Message): void {
    const isPre = 'pre' in message && message.pre;
    if (!isPre) this.#seenTerm = Math.max(this.#seenTerm, message.term);
    const leading = this.#leading;
    if (leading === undefined || (message.term > leading.term && !isPre)) {
      if (leading !== undefined) this.resign();
      this.#raft.step(message, this.#parts.clock.now());
      this.#drain();
      return;
    }
    if (message.term !== leading.term) return;
    if (message.type === 'append-reply') {
      const listener = leading.listeners.find(({ node }) => node === message.from);
      if (listener?.answered(message, leading.term) === true) this.#pushSoon();
    } else if (message.type === 'read-request') {
      const { self: from } = this;
      const { from: to, term, readId } = message;
      this.say({ type: 'read-reply', from, to, term, readId, index: this.readIndex() });
    }
  }

  /** Does what an honest node does, on a disk that is always ready. */
  #drain(): void {
    const raft = this.#raft;
    while (raft.hasReady()) {
      const { persist, sendNow, sendAfterPersist } = raft.takeReady();
      if (persist?.truncateFrom !== undefined) this.#log.cut(persist.truncateFrom);
      for (const entry of persist?.entries ?? []) this.#log.add(entry);
      const last = persist?.entries.at(-1);
      if (persist !== undefined) raft.persisted(last?.index ?? 0, last?.hash ?? ZERO_HASH);
      if (raft.role === 'leader' && raft.term > this.#ledTerm) {
        this.#lead(raft.term);
        return;
      }
      for (const message of [...sendNow, ...sendAfterPersist]) {
        for (const instead of this.onSaying(message)) this.say(instead);
      }
    }
    this.#log.commit = raft.commit;
  }

  #lead(term: Term): void {
    const sentLog = new SentLog(this.#log.entries, () => this.#pushSoon());
    const listeners = this.peers.map((peer) => new Listener(peer, sentLog));
    this.#leading = { term, sentLog, listeners };
    this.#ledTerm = term;
    this.#inner.hear(sentLog);
    this.onLeading();
    this.#pushSoon();
  }

  #led(): Leading {
    if (this.#leading === undefined) throw new Error(`${this.self} does not lead`);
    return this.#leading;
  }

  #pushSoon(): void {
    if (this.#isPushDue) return;
    this.#isPushDue = true;
    queueMicrotask(() => {
      this.#isPushDue = false;
      this.push();
    });
  }

  /** Sends every node the next entries of its log; without new ones, that is a heartbeat. */
  push(): void {
    if (this.#stopped) return;
    const leading = this.#leading;
    for (const listener of leading?.listeners ?? []) {
      const telling = listener.telling(0, (each) => this.#commitFor(each));
      const { self: from } = this;
      const { node: to } = listener;
      this.say({ type: 'append', from, to, term: leading?.term ?? 0, ...telling });
    }
    this.#pushBeneath();
  }

  #commitFor({ sentLog, match }: Listener): LogIndex {
    if (typeof sentLog.commit === 'number') return sentLog.commit;
    if (sentLog.commit === 'acknowledged') return match;
    // Of the nodes that get this log; the liar has all of it.
    const hearing = this.#leading?.listeners.filter((each) => each.sentLog === sentLog) ?? [];
    const matches = [sentLog.length, ...hearing.map((each) => each.match)];
    const majority = Math.floor((this.peers.length + 1) / 2) + 1;
    return matches.toSorted((a, b) => b - a)[majority - 1] ?? 0;
  }

  /** The replica beneath takes this node for a follower of somebody: it must never stand for election itself. */
  #pushBeneath(): void {
    const [from, { self: to, beneath }] = [this.#somebody(), this];
    if (beneath === undefined || from === undefined) return;
    const commitOf = (each: Listener): LogIndex =>
      this.#leading === undefined ? this.#raft.commit : Math.max(this.#commitFor(each), each.match);
    const telling = this.#inner.telling(0, commitOf);
    beneath.receive(
      from,
      'raft',
      encodeMessage({ type: 'append', from, to, term: this.term, ...telling }),
    );
  }

  #hearBeneath(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message?.type !== 'append-reply') return;
    // Its disk may remember a later term than this liar has heard of: the next heartbeat is of that one.
    if (message.term > this.term) {
      this.#seenTerm = message.term;
      return;
    }
    if (this.#inner.answered(message, this.term)) this.#pushSoon();
  }

  #somebody(): NodeId | undefined {
    const { leader } = this.#raft;
    return leader === undefined || leader === this.self ? this.peers[0] : leader;
  }
}

type Leading = {
  readonly term: Term;
  readonly sentLog: SentLog;
  readonly listeners: readonly Listener[];
};
