import { toHex, type NodeId } from '../../../src/common/index.js';
import type {
  ConsensusStore,
  Network,
  Persist,
  ShareId,
  ShareStore,
} from '../../../src/ports/index.js';
import { Command, decode, decodeTaskMessage } from '../../../src/wire/index.js';
import type { LifePorts } from '../process.js';

/**
 * Where a node crashes, of a step: with nothing of it done; when what it writes is on its way to the disk, and nothing of it there; when
 * it is done, and the process does not know.
 */
export type Side = 'before' | 'during' | 'after';

/** One step of one node, and where in it the node crashes, once. */
export type CrashPoint = {
  readonly node: NodeId;
  readonly step: string;
  readonly side: Side;
};

/** What a node comes to: a step that writes can be crashed in the middle of. */
export type Step = { readonly node: NodeId; readonly name: string; readonly writes: boolean };

export function sidesOf({ writes }: Step): readonly Side[] {
  return writes ? ['before', 'during', 'after'] : ['before', 'after'];
}

export type CrashingNodeParts = {
  readonly node: NodeId;
  /** Where it crashes; nowhere where it is not given, or is another node's. */
  readonly point: CrashPoint | undefined;
  /** Whether steps count now: those of what is only a preparation do not. */
  isCounted(): boolean;
  /** Ends the process at once. */
  crash(): void;
  /** Runs `run` as the next event of the world. */
  next(run: () => void): void;
  /** Told of each step, the first time that it comes. */
  told(step: Step): void;
};

/**
 * Follows a node step by step, and takes it down at one of them. A step is the first message of a kind that it sends to a node in a
 * session, the first write of an entry or of a state, or the first of a share's writes, reads and deletions. Until the crash all runs of a
 * world are the same, so the steps of a run without one are those of all.
 */
export class CrashingNode {
  readonly #parts: CrashingNodeParts;
  readonly #steps = new Set<string>();
  #isOver = false;

  constructor(parts: CrashingNodeParts) {
    this.#parts = parts;
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

  /** Where it is to crash in this step, if it is. */
  #reaches(name: string, writes: boolean): Side | undefined {
    if (this.#steps.has(name)) return undefined;
    this.#steps.add(name);
    const { node, point } = this.#parts;
    if (!this.#parts.isCounted()) return undefined;
    this.#parts.told({ node, name, writes });
    if (this.#isOver || point?.node !== node || point.step !== name) return undefined;
    this.#isOver = true;
    return point.side;
  }

  #network(inner: Network): Network {
    return {
      send: (to, channel, bytes) => {
        const said = channel === 'tasks' ? wordOf(bytes) : undefined;
        const side = said && this.#reaches(`send ${said} to ${to}`, false);
        if (side === 'before') this.#parts.crash();
        inner.send(to, channel, bytes);
        if (side === 'after') this.#parts.crash();
      },
    };
  }

  #consensus(inner: ConsensusStore): ConsensusStore {
    return {
      load: () => inner.load(),
      readLog: (after, limits) => inner.readLog(after, limits),
      get: (key) => inner.get(key),
      scan: (prefix, from) => inner.scan(prefix, from),
      readState: () => inner.readState(),
      stage: (rows, isFirst) => inner.stage(rows, isFirst),
      close: () => inner.close(),
      persist: (batch) => this.#durable(stepOf(batch), true, () => inner.persist(batch)),
    };
  }

  #shares(inner: ShareStore): ShareStore {
    const step = <T>(what: string, id: ShareId, run: () => Promise<T>): Promise<T> =>
      this.#durable(`${what} ${nameOf(id)}`, what !== 'read', run);
    return {
      putIfAbsent: (id, sealed) => step('keep', id, () => inner.putIfAbsent(id, sealed)),
      replace: (id, before, after) => step('replace', id, () => inner.replace(id, before, after)),
      get: (id) => step('read', id, () => inner.get(id)),
      delete: (id) => step('delete', id, () => inner.delete(id)),
      list: (page) => inner.list(page),
      close: () => inner.close(),
    };
  }

  async #durable<T>(name: string | undefined, writes: boolean, run: () => Promise<T>): Promise<T> {
    const side = name === undefined ? undefined : this.#reaches(name, writes);
    const parts = this.#parts;
    if (side === 'before') parts.crash();
    const result = run();
    // What else the process does at this moment, it does: other nodes may have what its own disk has not.
    if (side === 'during') parts.next(() => parts.crash());
    await result;
    if (side === 'after') parts.crash();
    return result;
  }
}

/** Material is filed beside shares, under names that no key can have. */
function nameOf({ keyId, sessionId }: ShareId): string {
  return `${keyId.startsWith('_') ? 'material' : 'share'} ${sessionId.slice(0, 8)}`;
}

/** What a node says for a task, and in which session; nothing for what only asks for something. */
function wordOf(bytes: Uint8Array): string | undefined {
  const message = decodeTaskMessage(bytes)?.message;
  switch (message?.$case) {
    case 'envelope':
      return `${message.value.kind} ${short(message.value.sessionId)}`;
    case 'contribution':
    case 'decline': {
      const { envelope } = message.value;
      return envelope && `${envelope.kind} ${short(envelope.sessionId)}`;
    }
    case 'fact':
      return factOf(decode(Command, message.value.command));
    case 'forward':
    case 'order':
    case 'result':
      return message.$case;
    case 'forwardRefused':
    case 'freshSupplies':
    case 'observation':
    case 'probe':
    case 'probeAnswer':
    case 'wantSupplies':
    case undefined:
      return undefined;
  }
}

function factOf(command: Command | undefined): string | undefined {
  const said = command?.command;
  switch (said?.$case) {
    case 'ready':
      return `ready ${short(said.value.sharing?.sessionId)}`;
    case 'installed':
      return `installed ${short(said.value.sessionId)}`;
    case 'prepared':
      return `prepared ${short(said.value.preparation?.sessionId)}`;
    case 'attempt':
    case 'checkpoint':
    case 'destroyed':
    case 'done':
    case 'failed':
    case 'leaderSwitch':
    case 'observations':
    case 'request':
    case 'upkeep':
    case undefined:
      return said?.$case;
  }
}

function short(session: Uint8Array | undefined): string {
  return session === undefined ? 'none' : toHex(session).slice(0, 8);
}

function stepOf({ entries, writes, applied, hardState }: Persist): string | undefined {
  const last = entries.at(-1)?.index;
  if (last !== undefined) return `write entry ${last}`;
  if (writes.length > 0) return `apply entry ${applied}`;
  return hardState === undefined ? undefined : `vote in term ${hardState.term}`;
}
