import { nodeId, type NodeId } from '../../../src/common/index.js';
import type { HardState } from '../../../src/ports/index.js';
import type { RaftMessage } from '../../../src/wire/index.js';
import { short, type Facts, type Report } from './facts.js';

/**
 * A promise to anybody is on disk before the bytes that carry it are on the wire (Raft §5.1 to §5.4), and never taken
 * back: terms only rise, and a vote is constant in its term, over restarts too. An acknowledgement to the other voters is of
 * what an append of its term has shown, or of the leader's own log: nothing else says that two logs are one.
 */
export class Promises {
  readonly #votes = new Map<string, NodeId>();
  readonly #terms = new Map<NodeId, number>();
  /** Of each term: who was seen to lead it. */
  readonly #leaders = new Map<number, NodeId>();
  /** By receiver, term and index: the hash that an append of that term has shown to it. */
  readonly #shown = new Map<string, string>();
  readonly #facts: Facts;
  readonly #report: Report;
  readonly #forks: boolean;

  /** With `forks`, a leader's appends are not seen: nobody knows what an acknowledgement answers. */
  constructor(facts: Facts, report: Report, { forks } = { forks: false }) {
    this.#facts = facts;
    this.#report = report;
    this.#forks = forks;
  }

  /** `node`'s disk now holds `hardState`. */
  persisted(node: NodeId, { term, votedFor }: HardState): void {
    const before = this.#terms.get(node) ?? 0;
    if (term < before) this.#report('Promises', `${node}: term ${before} goes back to ${term}`);
    this.#terms.set(node, term);
    const key = `${node}/${term}`;
    const vote = this.#votes.get(key);
    if (vote !== undefined && vote !== votedFor) {
      this.#report('Promises', `${node}: vote of term ${term} for ${vote} becomes ${votedFor}`);
    }
    if (votedFor !== undefined) this.#votes.set(key, votedFor);
  }

  sent(from: NodeId, envelope: RaftMessage): void {
    const { message } = envelope;
    const term = Number(envelope.term);
    const to = nodeId(envelope.to);
    switch (message?.$case) {
      case 'voteRequest':
        if (!message.value.preVote) this.#votesFor(from, term, from);
        return;
      case 'voteReply':
        if (message.value.preVote) return;
        if (message.value.granted) this.#votesFor(from, term, to);
        this.#hasTerm(from, term);
        return;
      case 'timeoutNow':
        this.#hasTerm(from, term);
        return;
      case 'vote':
        this.#votesFor(from, term, nodeId(message.value.candidate));
        return;
      case 'append': {
        const { prevIndex, prevTerm, prevHash, entries } = message.value;
        // Whoever takes it would have nothing to compare, and could go on behind the end of its log.
        if (prevIndex > 0n && prevTerm === 0n) {
          this.#report('AppendPlace', `${from} names no term of entry ${prevIndex}`);
        }
        this.#hasTerm(from, term);
        if (this.#forks) return;
        this.#leaders.set(term, from);
        this.#shown.set(`${to}/${term}/${prevIndex}`, short(prevHash));
        for (const { index, hash } of entries) {
          this.#shown.set(`${to}/${term}/${index}`, short(hash));
        }
        return;
      }
      case 'acknowledgement':
        this.#hasTerm(from, term);
        this.#acknowledges(from, term, message.value);
        return;
      case 'appendReply':
        this.#hasTerm(from, term);
        if (message.value.refusal === 0)
          this.#has(from, to, term, Number(message.value.matchIndex));
        return;
      case 'readRequest':
      case 'readReply':
      case 'timeRequest':
      case 'timeReply':
      case 'checkpointSignature':
      case 'snapshotOffer':
      case 'snapshotRequest':
      case 'snapshotChunk':
      case 'snapshotHeld':
      case 'recordsRequest':
      case 'records':
      case undefined:
        return;
    }
  }

  #hasTerm(from: NodeId, term: number): void {
    const durable = this.#facts.disk(from).hardState.term;
    if (durable < term) {
      this.#report('Promises', `${from} speaks in term ${term}, but its disk is in ${durable}`);
    }
  }

  #votesFor(voter: NodeId, term: number, candidate: NodeId): void {
    const { hardState } = this.#facts.disk(voter);
    if (hardState.term !== term || hardState.votedFor !== candidate) {
      const disk = `term ${hardState.term}, vote ${hardState.votedFor}`;
      this.#report('Promises', `${voter} votes for ${candidate} in ${term}, but its disk: ${disk}`);
    }
  }

  /** `from` tells another voter that its log is that of the leader of `term` up to `index`. */
  #acknowledges(
    from: NodeId,
    term: number,
    { index, hash }: { readonly index: bigint; readonly hash: Uint8Array },
  ): void {
    const own = this.#facts.disk(from).entries[Number(index) - 1];
    if (own === undefined || short(own.hash) !== short(hash)) {
      const what = `entry ${index} in term ${term}, which its disk does not have`;
      this.#report('Promises', `${from} acknowledges ${what}`);
    }
    if (this.#forks || this.#leaders.get(term) === from) return;
    if (this.#shown.get(`${from}/${term}/${index}`) !== short(hash)) {
      const what = `entry ${index} in term ${term}, which no append of that term has shown to it`;
      this.#report('Promises', `${from} acknowledges ${what}`);
    }
  }

  /** `from` acknowledges to `leader` all entries up to `match`. */
  #has(from: NodeId, leader: NodeId, term: number, match: number): void {
    const own = this.#facts.disk(from).entries[match - 1];
    if (match > 0 && own === undefined) {
      this.#report('Promises', `${from} acknowledges entry ${match} before it is durable`);
      return;
    }
    const leading = this.#facts.disk(leader);
    const theirs = leading.entries[match - 1];
    if (own === undefined || theirs === undefined || leading.hardState.term !== term) return;
    if (short(own.hash) !== short(theirs.hash)) {
      const what = `entry ${match} of term ${theirs.term}`;
      this.#report('Promises', `${from} acknowledges ${what} to ${leader}, but has ${own.term}`);
    }
  }
}
