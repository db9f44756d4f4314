import { unreachable } from '../../../src/common/index.js';
import type { RaftConfig } from '../../../src/raft/index.js';
import type { Message } from '../../../src/raft/index.js';
import { RaftCluster } from '../clusters/raft-cluster.js';
import type { Deed, Node } from '../clusters/raft-cluster.js';
import type { Words } from './filter.js';
import { Promises } from './promises.js';
import { entriesWords, messageWords, numberOf, persistWords, wayOf } from './words.js';

/** What one command of a script does. */
export type Command = (stage: Stage, words: Words) => void;

/** The cluster that a script plays on, and the trace of what its nodes do. */
export class Stage {
  readonly cluster: RaftCluster;
  readonly promises: Promises;
  /** Sent messages for which one of these says true are lost. */
  losses: ((message: Message) => boolean)[] = [];
  /** Copies of messages, by the names that the script gave them. */
  readonly copies = new Map<string, readonly Message[]>();
  /** The read that a command is about to ask for. */
  asking: string | undefined;
  /** Only elections that were won, and alarms, are told. */
  isQuiet = false;
  readonly #reads = new Map<string, string>();
  readonly #seen = new Map<Node, string>();
  readonly #commits = new Map<Node, number>();
  /** The nodes whose write stays under way until a command ends it. */
  readonly #writing = new Set<Node>();
  #lines: string[] = [];
  /** Of the last line, if it tells what was sent: its beginning, its receivers and its end. */
  #sent:
    { readonly head: string; readonly to: Map<string, number>; readonly tail: string } | undefined;

  constructor(
    count: number,
    config: Partial<RaftConfig>,
    level: number | undefined,
    liars: readonly string[],
  ) {
    this.cluster = new RaftCluster(count, config, level);
    this.promises = new Promises(this.cluster.nodes, liars);
    this.cluster.loses = (message) => this.losses.some((loses) => loses(message));
    this.cluster.onDeed = (node, deed) => this.#onDeed(node, deed);
    for (const node of this.cluster.nodes) this.#look(node);
    this.#lines = [];
  }

  /** Node by number, as scripts name it. */
  node(text: string): Node {
    return this.cluster.node(Number(text));
  }

  /** One line of the trace. */
  tell(line: string): void {
    this.#lines.push(line);
    this.#sent = undefined;
  }

  /** Takes the trace since the last time; looks at all nodes, and holds what no cluster may break. */
  takeTrace(): readonly string[] {
    for (const node of this.cluster.nodes) this.look(node);
    this.promises.check();
    const lines = this.#lines;
    this.#lines = [];
    this.#sent = undefined;
    return lines;
  }

  /** Tells of a change of this node's role, and of its commit index. */
  look(node: Node): void {
    if (node.up) this.#look(node);
  }

  /** The node is about to begin anew: the role that it begins in is told. */
  forget(node: Node): void {
    this.#seen.delete(node);
    this.#commits.delete(node);
    this.#writing.delete(node);
    this.promises.forget(node);
  }

  deliver(message: Message): void {
    const node = this.cluster.nodes.find(({ id }) => id === message.to);
    const isDown = node?.up !== true;
    if (!this.isQuiet)
      this.tell(`${wayOf(message)} ${messageWords(message)}${isDown ? ' (is down)' : ''}`);
    this.cluster.deliver(message);
    if (node !== undefined) this.look(node);
  }

  #look(node: Node): void {
    const { role, term, leader, commit } = node.raft;
    const who = role === 'follower' && leader !== undefined ? ` of ${numberOf(leader)}` : '';
    const seen = `${role}${who} in term ${term}`;
    if (seen !== this.#seen.get(node)) {
      this.#seen.set(node, seen);
      if (!this.isQuiet || role === 'leader') this.tell(`  ${numberOf(node.id)} is ${seen}`);
    }
    if (commit !== (this.#commits.get(node) ?? 1)) {
      this.#commits.set(node, commit);
      if (!this.isQuiet) this.tell(`  ${numberOf(node.id)} knows ${commit} to be committed`);
    }
  }

  #onDeed(node: Node, deed: Deed): void {
    this.look(node);
    this.promises.see(node, deed);
    const name = numberOf(node.id);
    if (deed.type === 'alarm') {
      const about = deed.peer === undefined ? '' : ` (${numberOf(deed.peer)})`;
      this.tell(`  ${name} raises an alarm: ${deed.kind}${about}`);
    } else if (deed.type === 'send') {
      this.#onSend(deed.message, deed.isLost);
    } else if (deed.type === 'read') {
      this.#onRead(name, deed.id, deed.index);
    } else {
      if (deed.type === 'write' && node.slowDisk) this.#writing.add(node);
      // That a write which takes no time is over is not worth a line.
      const isNews = deed.type !== 'written' || this.#writing.delete(node);
      if (isNews && !this.isQuiet) this.tell(`  ${name} ${workWords(node, deed)}`);
    }
  }

  #onSend(message: Message, isLost: boolean): void {
    if (this.isQuiet) return;
    const head = `  ${isLost ? 'lost' : 'sends'} ${numberOf(message.from)}->`;
    const tail = ` ${messageWords(message)}`;
    const to = numberOf(message.to);
    const last = this.#sent;
    if (last?.head === head && last.tail === tail) {
      last.to.set(to, (last.to.get(to) ?? 0) + 1);
      const times = Math.max(...last.to.values());
      const often = times === 1 ? '' : `, ${times} times`;
      this.#lines[this.#lines.length - 1] = head + [...last.to.keys()].join(',') + tail + often;
      return;
    }
    this.tell(head + to + tail);
    this.#sent = { head, to: new Map([[to, 1]]), tail };
  }

  #onRead(name: string, id: number, index: number | undefined): void {
    const key = `${name} ${id}`;
    const label = this.#reads.get(key) ?? this.asking ?? 'a read';
    this.#reads.set(key, label);
    this.tell(`  ${name} ${index === undefined ? 'refuses' : 'answers'} ${label}${at(index)}`);
  }

  /** The read with this id, of this node, has a name. */
  nameRead(node: Node, id: number, label: string): void {
    this.#reads.set(`${numberOf(node.id)} ${id}`, label);
  }
}

function at(index: number | undefined): string {
  return index === undefined ? '' : ` at ${index}`;
}

type Work = Extract<Deed, { readonly type: 'apply' | 'write' | 'written' | 'page' }>;

function workWords(node: Node, deed: Work): string {
  switch (deed.type) {
    case 'apply':
      return `applies ${entriesWords(deed.entries)}`;
    case 'write':
      return `${node.slowDisk ? 'begins to write' : 'writes'} ${persistWords(deed.persist)}`;
    case 'written':
      return 'has written';
    case 'page':
      return `reads its disk behind ${deed.after}`;
    default:
      return unreachable(deed);
  }
}
