import { equal, type LogIndex, type NodeId, type Term } from '../../../src/common/index.js';
import { LIMITS, type Append, type AppendReply } from '../../../src/raft/index.js';
import type { Story } from './liar-story.js';

/** An append without its head, which says who speaks to whom, and in which term. */
export type Telling = Omit<Append, 'type' | 'from' | 'to' | 'term'>;

const ENTRY_OVERHEAD_BYTES = 128;

/** One node that a liar leads, and how much of its story that node has taken. */
export class Listener {
  readonly node: NodeId;
  #story: Story;
  /** It has said that it has the story up to here. */
  match: LogIndex = 0;
  /** The entry to tell next. */
  next: LogIndex;
  /** The index of its last refusal for time, until it takes that entry. */
  refusedTime: LogIndex | undefined;

  constructor(node: NodeId, story: Story) {
    this.node = node;
    this.#story = story;
    this.next = story.length + 1;
  }

  get story(): Story {
    return this.#story;
  }

  /** Hears another story from where it parts from the one before. */
  hear(story: Story): void {
    let same = Math.min(this.match, story.length);
    while (same > 0 && !equal(story.hashAt(same), this.#story.hashAt(same))) same--;
    this.#story = story;
    this.match = same;
    this.next = Math.max(1, Math.min(this.next, same + 1));
  }

  /** What comes next of the story; the same again while the node does not answer. */
  telling(round: number, commitOf: (listener: Listener) => LogIndex): Telling {
    const { story } = this;
    this.next = Math.min(this.next, story.length + 1);
    this.match = Math.min(this.match, story.length);
    const prevIndex = this.next - 1;
    const entries = [];
    let bytes = 0;
    for (const entry of story.entries.slice(prevIndex, prevIndex + LIMITS.appendEntriesMax)) {
      bytes += entry.payload.length + ENTRY_OVERHEAD_BYTES;
      if (entries.length > 0 && bytes > LIMITS.appendBytesMax) break;
      entries.push(entry);
    }
    const [prevTerm, prevHash] = [story.termAt(prevIndex), story.hashAt(prevIndex)];
    return { round, prevIndex, prevTerm, prevHash, entries, commit: commitOf(this) };
  }

  /** Gives whether the node has something new to be told: more entries, or what is committed. */
  answered({ answer }: AppendReply, term: Term): boolean {
    if (answer.refused === 'conflict') {
      const { prevIndex, hintIndex, hintTerm } = answer;
      if (prevIndex !== this.next - 1) return false;
      const guess = this.story.lastWithTermAtMost(hintIndex, Math.min(hintTerm, term));
      const before = this.next;
      this.next = Math.max(1, Math.min(prevIndex, guess + 1));
      return this.next !== before;
    }
    const moved = answer.match > this.match;
    this.match = Math.min(Math.max(this.match, answer.match), this.story.length);
    this.next = Math.max(this.next, this.match + 1);
    this.refusedTime = answer.refused === 'time' ? answer.match + 1 : undefined;
    return moved;
  }
}
