import type { Alarms } from '../../alarms/index.js';
import { Budgets, equal } from '../../common/index.js';
import type { LogIndex, NodeId } from '../../common/index.js';
import type { Clock, ConsensusStore, Note } from '../../ports/index.js';
import { VOTERS_MAX } from '../limits.js';
import type { Raft } from '../raft.js';
import { wordsFromBytes, wordsToBytes } from './codec.js';
import { convict } from './convict.js';
import type { Standing } from './convict.js';
import { JUDGE_RATE } from './limits.js';
import type { Records } from './messages.js';
import { factsOf, proofIn, wordsOf } from './proof.js';
import type { Proof } from './proof.js';
import type { Signing } from './signing.js';

/** The note of a node that has lost a part of its log: the proof. */
const LOST = 'log-lost';

/** The node that a trial is about. */
export type TrialHost = {
  readonly raft: Raft;
  readonly store: Pick<ConsensusStore, 'readLog'>;
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** This node has lost a part of its log, and takes no part any more. Called once in a run. */
  readonly onConvicted?: (() => void) | undefined;
  /** Something is to be written. */
  readonly changed: () => void;
};

/**
 * Holds what others show this node of its own signed words against its disk. A word that the disk contradicts convicts it, in
 * this run and every later one: it takes no part any more. What others say themselves, and what it has not signed, does not.
 */
export class Trial {
  readonly standing: Standing;
  readonly #host: TrialHost;
  readonly #signing: Signing;
  readonly #judging = new Budgets(JUDGE_RATE, VOTERS_MAX);
  /** The voters that have shown what they have, in this run. */
  readonly #shown = new Set<NodeId>();
  #proof: Proof | 'unreadable' | undefined;
  #mustWrite = false;

  /** @param notes - Of the store, when the run begins. */
  constructor(
    host: TrialHost,
    standing: Standing,
    signing: Signing,
    notes: ReadonlyMap<string, Uint8Array>,
  ) {
    this.#host = host;
    this.standing = standing;
    this.#signing = signing;
    const lost = notes.get(LOST);
    if (lost !== undefined) this.#proof = proofIn(wordsFromBytes(lost)) ?? 'unreadable';
    if (this.isConvicted) host.raft.withhold();
  }

  /** This node has lost a part of its log. */
  get isConvicted(): boolean {
    return this.#proof !== undefined;
  }

  /** The proof is to be durable soon, though nothing else is to be written. */
  get mustWrite(): boolean {
    return this.#mustWrite;
  }

  /** Says what an earlier run has found. Once, when this run begins. */
  start(): void {
    if (this.isConvicted) this.#tell(undefined);
  }

  hasShown(peer: NodeId): boolean {
    return this.#shown.has(peer);
  }

  judge({ from, boot, words }: Records): void {
    const { raft, clock, alarms } = this.#host;
    if (this.isConvicted || !this.#judging.take(from, 1, clock.elapsed())) return;
    const log = { ...raft.logNow(), hashAt: (index: LogIndex) => this.#hashAt(index) };
    const proof = convict(words, this.standing, log);
    if (proof === undefined) {
      if (equal(boot, this.standing.boot)) this.#shown.add(from);
    } else if (this.#signing.isSigned(raft.id, wordsOf(proof))) this.#convicted(proof, from);
    else alarms.raise('A peer shows a word that this node has not signed', from);
  }

  /** Notes for the write that begins. */
  takeNotes(): readonly Note[] {
    if (!this.#mustWrite || this.#proof === undefined || this.#proof === 'unreadable') return [];
    this.#mustWrite = false;
    return [[LOST, wordsToBytes(wordsOf(this.#proof))]];
  }

  #convicted(proof: Proof, by: NodeId): void {
    this.#proof = proof;
    this.#mustWrite = true;
    this.#host.raft.withhold();
    this.#tell(by);
    this.#host.changed();
  }

  #tell(by: NodeId | undefined): void {
    const proof = this.#proof;
    const facts = proof === undefined || proof === 'unreadable' ? {} : factsOf(proof);
    this.#host.alarms.raise('This node has lost a part of its log', by, facts);
    this.#host.onConvicted?.();
  }

  #hashAt(index: LogIndex): Uint8Array | undefined {
    const { raft, store } = this.#host;
    const inMemory = raft.hashAt(index);
    if (inMemory !== undefined) return inMemory;
    return store.readLog(index - 1, { entriesMax: 1, bytesMax: 1 })?.entries[0]?.hash;
  }
}
