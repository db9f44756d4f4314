import { nodeId, type NodeId } from '../../../src/common/index.js';
import type { RaftMessage } from '../../../src/wire/index.js';
import type { Status } from '../process.js';
import { short, type Facts, type Report } from './facts.js';

/** The shortest election timeout, less what a fast clock makes of it, and some. */
const SURELY_HEARD_MS = 250;

/** Words of leaders are of their own term, and few: older ones are forgotten. */
const WORDS_MAX = 10_000;

type Word = { readonly target: NodeId; readonly lastIndex: number };
type Heard = { readonly leader: NodeId; readonly term: number; readonly atMs: number };

/**
 * Leadership transfer, and what must not come in by its door: a leader names only a node that has its whole log, and takes nothing
 * more for the log until it has given the transfer up; a node stands without pre-votes only at the word of the leader that it
 * follows; and a node that hears its leader enters a later term only at that leader's word.
 */
export class Transfers {
  readonly #facts: Facts;
  readonly #report: Report;
  readonly #now: () => number;
  /** By `node/term`: the leader that it followed. */
  readonly #followed = new Map<string, NodeId>();
  /** By `node/term`: it has asked for pre-votes. */
  readonly #asked = new Set<string>();
  /** By `receiver/leader/term`: the targets that the leader has named to it, one after the other. */
  readonly #words = new Map<string, Set<NodeId>>();
  /** By leader: what it has told while it hands over, until it gives that up. */
  readonly #handingOver = new Map<NodeId, Word & { readonly term: number }>();
  /** The last append that each node took of the leader that it follows. */
  readonly #heard = new Map<NodeId, Heard>();

  constructor(facts: Facts, report: Report, now: () => number) {
    this.#facts = facts;
    this.#report = report;
    this.#now = now;
  }

  restarted(node: NodeId): void {
    this.#handingOver.delete(node);
    this.#heard.delete(node);
  }

  status(node: NodeId, { leader, term, transferTarget }: Status): void {
    if (transferTarget === undefined) this.#handingOver.delete(node);
    if (leader !== undefined) this.#followed.set(`${node}/${term}`, leader);
    const heard = this.#heard.get(node);
    if (heard === undefined || (term === heard.term && leader === heard.leader)) return;
    this.#heard.delete(node);
    const isNamed = this.#words.has(`${node}/${heard.leader}/${heard.term}`);
    const isLate = this.#now() - heard.atMs >= SURELY_HEARD_MS;
    if (term === heard.term || leader === heard.leader || isNamed || isLate) return;
    this.#report('Transfer', `${node} hears ${heard.leader}, and enters term ${term}`);
  }

  /** An append of `from` comes to `node`, which is in this state. */
  heard(node: NodeId, from: NodeId, term: number, status: Status): void {
    if (status.leader !== from || status.term !== term) return;
    this.#heard.set(node, { leader: from, term, atMs: this.#now() });
  }

  sent(from: NodeId, { term: named, to, message }: RaftMessage): void {
    const term = Number(named);
    if (message?.$case === 'timeoutNow') {
      const { target, lastIndex } = message.value;
      this.#named(from, nodeId(to), term, nodeId(target), Number(lastIndex));
    } else if (message?.$case === 'append') {
      this.#appended(from, term, Number(message.value.entries.at(-1)?.index ?? 0));
    } else if (message?.$case === 'voteRequest') {
      if (message.value.preVote) this.#asked.add(`${from}/${term}`);
      else this.#stands(from, term);
    }
  }

  #named(leader: NodeId, to: NodeId, term: number, target: NodeId, lastIndex: number): void {
    if (this.#words.size > WORDS_MAX) this.#words.clear();
    const place = `${to}/${leader}/${term}`;
    this.#words.set(place, (this.#words.get(place) ?? new Set()).add(target));
    this.#handingOver.set(leader, { term, target, lastIndex });
    if (!this.#facts.nodes.includes(target)) return;
    const own = this.#facts.disk(leader).entries[lastIndex - 1];
    const theirs = this.#facts.disk(target).entries[lastIndex - 1];
    const isSame = own === undefined || (theirs && short(theirs.hash) === short(own.hash));
    if (theirs?.term === term && isSame === true) return;
    this.#report(
      'Transfer',
      `${leader} names ${target}, which lacks entry ${lastIndex} of ${term}`,
    );
  }

  #appended(leader: NodeId, term: number, last: number): void {
    const word = this.#handingOver.get(leader);
    const target = this.#facts.status(leader)?.transferTarget;
    if (word?.term !== term || word.target !== target || last <= word.lastIndex) return;
    this.#report('Transfer', `${leader} takes entry ${last} while it hands over to ${target}`);
  }

  #stands(node: NodeId, term: number): void {
    if (this.#asked.has(`${node}/${term}`)) return;
    const leader = this.#followed.get(`${node}/${term - 1}`);
    // What a malicious leader has said is not seen.
    if (leader !== undefined && !this.#facts.nodes.includes(leader)) return;
    // A node that is named as soon as it has met its leader was never seen to follow it.
    const leaders = leader === undefined ? this.#facts.nodes : [leader];
    const isNamed = (by: NodeId): boolean =>
      this.#words.get(`${node}/${by}/${term - 1}`)?.has(node) === true;
    if (leaders.some(isNamed)) return;
    this.#report('Transfer', `${node} stands in ${term} unasked, and no leader has named it`);
  }
}
