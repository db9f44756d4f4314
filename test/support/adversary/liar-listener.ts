import { equal, type LogIndex, type NodeId, type Term } from '../../../src/common/index.js';
import { LIMITS, type Append, type AppendReply } from '../../../src/raft/index.js';
import type { SentLog } from './sent-log.js';

/** An append without its head, which says who speaks to whom, and in which term. */
export type Telling = Omit<Append, 'type' | 'from' | 'to' | 'term'>;

const ENTRY_OVERHEAD_BYTES = 128;

/** One node that a liar leads, and how much of its log that node has taken. */
export class Listener {
  readonly node: NodeId;
  #sentLog: SentLog;
  /** It has said that it has the log up to here. */
  match: LogIndex = 0;
  /** The entry to tell next. */
  next: LogIndex;
  /** The index of its last refusal for time, until it takes that entry. */
  refusedTime: LogIndex | undefined;

  constructor(node: NodeId, sentLog: SentLog) {
    this.node = node;
    this.#sentLog = sentLog;
    this.next = sentLog.length + 1;
  }

  get sentLog(): SentLog {
    return this.#sentLog;
  }

  /** Follows another log from the point where it differs from the one before. */
  hear(sentLog: SentLog): void {
    let same = Math.min(this.match, sentLog.length);
    while (same > 0 && !equal(sentLog.hashAt(same), this.#sentLog.hashAt(same))) same--;
    this.#sentLog = sentLog;
    this.match = same;
    this.next = Math.max(1, Math.min(this.next, same + 1));
  }

  /** The next entries of the log; the same again while the node does not answer. */
  telling(round: number, commitOf: (listener: Listener) => LogIndex): Telling {
    const { sentLog } = this;
    this.next = Math.min(this.next, sentLog.length + 1);
    this.match = Math.min(this.match, sentLog.length);
    const prevIndex = this.next - 1;
    const entries = [];
    let bytes = 0;
    for (const entry of sentLog.entries.slice(prevIndex, prevIndex + LIMITS.appendEntriesMax)) {
      bytes += entry.payload.length + ENTRY_OVERHEAD_BYTES;
      if (entries.length > 0 && bytes > LIMITS.appendBytesMax) break;
      entries.push(entry);
    }
    const [prevTerm, prevHash] = [sentLog.termAt(prevIndex), sentLog.hashAt(prevIndex)];
    return { round, prevIndex, prevTerm, prevHash, entries, commit: commitOf(this) };
  }

  /** Gives whether the node has something new to be told: more entries, or what is committed. */
  answered({ answer }: AppendReply, term: Term): boolean {
    if (answer.refused === 'conflict') {
      const { prevIndex, hintIndex, hintTerm } = answer;
      if (prevIndex !== this.next - 1) return false;
      const guess = this.sentLog.lastWithTermAtMost(hintIndex, Math.min(hintTerm, term));
      const before = this.next;
      this.next = Math.max(1, Math.min(prevIndex, guess + 1));
      return this.next !== before;
    }
    const moved = answer.match > this.match;
    this.match = Math.min(Math.max(this.match, answer.match), this.sentLog.length);
    this.next = Math.max(this.next, this.match + 1);
    this.refusedTime = answer.refused === 'time' ? answer.match + 1 : undefined;
    return moved;
  }
}
