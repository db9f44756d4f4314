import type { NodeId } from '../../src/common/index.js';
import type { ConsensusStore, Network, Persist, ShareStore } from '../../src/ports/index.js';
import { Command, decode, decodeTaskMessage } from '../../src/wire/index.js';
import type { LifePorts } from './process.js';

/** One step of one node, just before or just after which it crashes, once. */
export type CrashPoint = {
  readonly node: NodeId;
  /** Of the node's steps, in the order in which it first takes them, from 0. */
  readonly number: number;
  readonly side: 'before' | 'after';
};

const SIDES = ['before', 'after'] as const;
/** Points that a world is searched for. There are fewer. */
const POINTS_MAX = 1_000;

/** The worlds' crash points, one after the other: every step of each node, before and after. */
export function crashPointOf(
  seed: number,
  nodes: readonly NodeId[],
): { readonly world: number; readonly point: CrashPoint } {
  const at = seed % POINTS_MAX;
  const [node] = nodes.slice(at % nodes.length);
  const rest = Math.floor(at / nodes.length);
  const side = SIDES[rest % SIDES.length];
  if (node === undefined || side === undefined) throw new Error('there is a node and a side');
  const number = Math.floor(rest / SIDES.length);
  return { world: 1 + Math.floor(seed / POINTS_MAX), point: { node, number, side } };
}

/**
 * Takes a node down at one of its steps. A step is the first message of a kind that it sends for a task, the first write of an entry or
 * of a state, or the first of a share's writes and reads. Until then every run of a world is the same, so the points can be counted.
 */
export class CrashingNode {
  readonly #point: CrashPoint;
  readonly #crash: () => void;
  readonly #told: (step: string) => void;
  readonly #steps = new Set<string>();
  #isOver = false;

  /**
   * @param crash - Ends the process at once.
   * @param told - Told of each step.
   */
  constructor(point: CrashPoint, crash: () => void, told: (step: string) => void) {
    this.#point = point;
    this.#crash = crash;
    this.#told = told;
  }

  doors(ports: LifePorts): LifePorts {
    const { network, consensus, shares } = ports;
    return {
      ...ports,
      network: this.#network(network),
      consensus: this.#consensus(consensus),
      shares: this.#shares(shares),
    };
  }

  /** Crashes before the step, if this is where; gives whether it is to crash after it. */
  #isAt(step: string): boolean {
    if (this.#steps.has(step)) return false;
    this.#told(step);
    const isHere = !this.#isOver && this.#steps.size === this.#point.number;
    this.#steps.add(step);
    if (!isHere) return false;
    this.#isOver = true;
    if (this.#point.side === 'after') return true;
    this.#crash();
    return false;
  }

  #network(inner: Network): Network {
    return {
      send: (to, channel, bytes) => {
        const said = channel === 'tasks' ? kindOf(bytes) : undefined;
        const crashes = said !== undefined && this.#isAt(`send ${said}`);
        inner.send(to, channel, bytes);
        if (crashes) this.#crash();
      },
    };
  }

  #consensus(inner: ConsensusStore): ConsensusStore {
    return {
      load: () => inner.load(),
      readLog: (after, limits) => inner.readLog(after, limits),
      get: (key) => inner.get(key),
      scan: (prefix, from) => inner.scan(prefix, from),
      close: () => inner.close(),
      persist: (batch) => this.#durable(stepOf(batch), () => inner.persist(batch)),
    };
  }

  #shares(inner: ShareStore): ShareStore {
    return {
      putIfAbsent: (id, sealed) =>
        this.#durable(nameOf('keep', id.keyId), () => inner.putIfAbsent(id, sealed)),
      replace: (id, before, after) =>
        this.#durable(nameOf('replace', id.keyId), () => inner.replace(id, before, after)),
      get: (id) => this.#durable(nameOf('read', id.keyId), () => inner.get(id)),
      delete: (id) => this.#durable(nameOf('delete', id.keyId), () => inner.delete(id)),
      list: (page) => inner.list(page),
      close: () => inner.close(),
    };
  }

  /** What is done when the process does not know it yet. */
  async #durable<T>(step: string | undefined, run: () => Promise<T>): Promise<T> {
    const crashes = step !== undefined && this.#isAt(step);
    const result = await run();
    if (crashes) this.#crash();
    return result;
  }
}

/** Material is filed beside shares, under names that no key can have. */
function nameOf(what: string, id: string): string {
  return `${what} ${id.startsWith('_') ? 'material' : 'share'}`;
}

/** The kind of what a node says for a task; nothing for what only asks for something. */
function kindOf(bytes: Uint8Array): string | undefined {
  const message = decodeTaskMessage(bytes)?.message;
  switch (message?.$case) {
    case 'envelope':
      return message.value.kind;
    case 'contribution':
    case 'decline':
      return message.value.envelope?.kind;
    case 'fact':
      return decode(Command, message.value.command)?.command?.$case;
    case 'forward':
    case 'order':
    case 'result':
      return message.$case;
    case 'forwardRefused':
    case 'freshSupplies':
    case 'wantSupplies':
    case undefined:
      return undefined;
  }
}

function stepOf({ entries, writes, applied, hardState }: Persist): string | undefined {
  const last = entries.at(-1)?.index;
  if (last !== undefined) return `write entry ${last}`;
  if (writes.length > 0) return `apply entry ${applied}`;
  return hardState === undefined ? undefined : `vote in term ${hardState.term}`;
}
