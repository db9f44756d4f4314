import type { KeyId, Millis, TaskId } from '../../common/index.js';
import { equal, keyId, toHex } from '../../common/index.js';
import { destroyedBytes, installedBytes, partyIndexOf } from '../../identity/index.js';
import {
  awaitedNodes,
  destroyHashOf,
  encodeCommand,
  FIRST_VERSION,
  isInUse,
  isOpen,
  setOfKey,
} from '../../state/index.js';
import type { ActiveKey, Queries } from '../../state/index.js';
import { Command, decode } from '../../wire/index.js';
import type { Destroyed, Installed, Ready, TaskRecord } from '../../wire/index.js';
import type { Generations } from './generations.js';
import type { Supplies } from './supplies.js';
import type { KeyShares } from './key-shares.js';
import { RESEND_MS } from '../limits.js';
import type { TaskContext } from '../context.js';
import type { Work } from '../work.js';

type Unsaid = {
  readonly command: Uint8Array;
  /** Whether the state lacks it still, and would take it. */
  readonly wanted: () => boolean;
  sentMs: Millis | undefined;
};

/**
 * The facts that this node has to say of itself in the log: `ready`, `prepared`, `installed` and `destroyed`. Said to the leader, again and again, until
 * the state has it or has no more use for it.
 */
export class Facts implements Work {
  readonly #context: TaskContext;
  readonly #queries: Queries;
  readonly #shares: KeyShares;
  readonly #supplies: Supplies;
  readonly #generations: Pick<Generations, 'keepsOnlyActive'>;
  readonly #unsaid = new Map<string, Unsaid>();
  readonly #reading = new Set<KeyId>();

  constructor(
    context: TaskContext,
    queries: Queries,
    shares: KeyShares,
    supplies: Supplies,
    generations: Pick<Generations, 'keepsOnlyActive'>,
  ) {
    this.#context = context;
    this.#generations = generations;
    this.#shares = shares;
    this.#queries = queries;
    this.#supplies = supplies;
  }

  /** Says `ready` for a session of `task`; `command` is the signed fact as it lies beside the key share. */
  sayReady(task: TaskId, command: Uint8Array): void {
    const session = readyOf(command)?.sharing?.sessionId;
    if (session === undefined) return;
    this.#say(`ready/${toHex(session)}`, command, () =>
      this.#wants(task, session, ({ ready }) => ready),
    );
  }

  /** Says `prepared` for a session of `task`; `command` is the signed fact as it lies beside this node's material. */
  sayPrepared(task: TaskId, command: Uint8Array): void {
    const said = decode(Command, command)?.command;
    const session = said?.$case === 'prepared' ? said.value.preparation?.sessionId : undefined;
    if (session === undefined) return;
    this.#say(`prepared/${toHex(session)}`, command, () => {
      return this.#wants(task, session, ({ prepared }) => prepared);
    });
  }

  /** Says `destroyed` for a key that is being destroyed, of which this node holds no share any more. */
  sayDestroyed(key: ActiveKey): void {
    const { self, judging } = this.#context;
    if (key.lifecycle === undefined) return;
    const unsigned: Destroyed = {
      nodeId: self.id,
      keyId: key.keyId,
      publicKey: key.publicKey,
      requestHash: destroyHashOf(key.lifecycle),
      signature: new Uint8Array(0),
    };
    const signature = self.signer.sign(destroyedBytes(judging.genesis.clusterId, unsigned));
    const command = encodeCommand({ $case: 'destroyed', value: { ...unsigned, signature } });
    this.#say(`destroyed/${key.keyId}`, command, () => {
      const now = this.#queries.key(key.keyId);
      return now !== undefined && awaitedNodes(now).some(({ nodeId }) => nodeId === self.id);
    });
  }

  /** Says `installed` for a version that this node's log has activated, once its own share reads back. */
  keyChanged(key: ActiveKey): void {
    const { id: self } = this.#context.self;
    const id = keyId(key.keyId);
    if (!isInUse(key) || !lacksInstalled(key, self) || this.#unsaid.has(installedName(key))) return;
    if (this.#reading.has(id)) return;
    this.#reading.add(id);
    void this.#readBack(key, id);
  }

  /** Says again what the state lacks still. */
  tick(): void {
    const now = this.#context.clock.elapsed();
    const { leader } = this.#context.consensus.status();
    for (const [name, fact] of this.#unsaid) {
      if (!fact.wanted()) {
        this.#unsaid.delete(name);
        continue;
      }
      const due = fact.sentMs === undefined || now - fact.sentMs >= RESEND_MS;
      if (leader === undefined || !due) continue;
      fact.sentMs = now;
      this.#context.outbox.send(leader, {
        message: { $case: 'fact', value: { command: fact.command } },
      });
    }
  }

  get busy(): boolean {
    return this.#unsaid.size > 0;
  }

  async #readBack(key: ActiveKey, id: KeyId): Promise<void> {
    const loaded = await this.#shares.load(key);
    const isFree = loaded && (await this.#isFreeOfEarlier(key));
    this.#reading.delete(id);
    if (!loaded) return;
    if (isFree) this.#sayInstalled(key);
    this.#supplies.versionKept(key);
  }

  /** Beside what a version before was signed with, a new one of the same key would be no other. The next look sees when it is gone. */
  async #isFreeOfEarlier(key: ActiveKey): Promise<boolean> {
    const set = setOfKey(key);
    if (set === undefined || key.version === FIRST_VERSION) return true;
    try {
      return await this.#generations.keepsOnlyActive(set);
    } catch (error) {
      this.#context.logger.warn('the share store is unavailable', { error: String(error) });
      return false;
    }
  }

  #sayInstalled(key: ActiveKey): void {
    const { self, judging } = this.#context;
    const unsigned: Installed = {
      nodeId: self.id,
      sessionId: key.sessionId,
      keyId: key.keyId,
      version: key.version,
      digest: key.digest,
      signature: new Uint8Array(0),
    };
    const signature = self.signer.sign(installedBytes(judging.genesis.clusterId, unsigned));
    const command = encodeCommand({
      $case: 'installed',
      value: { ...unsigned, signature },
    });
    this.#say(installedName(key), command, () => {
      const now = this.#queries.key(key.keyId);
      return (
        now !== undefined && equal(now.sessionId, key.sessionId) && lacksInstalled(now, self.id)
      );
    });
  }

  #say(name: string, command: Uint8Array, wanted: () => boolean): void {
    if (this.#unsaid.has(name)) return;
    this.#unsaid.set(name, { command, wanted, sentMs: undefined });
    this.tick();
  }

  /** @param said - The facts of the task's newest attempt. */
  #wants(
    id: TaskId,
    session: Uint8Array,
    said: (task: TaskRecord) => readonly { readonly nodeId: string }[],
  ): boolean {
    const task = this.#queries.task(id);
    return (
      isOpen(task) &&
      equal(task.attempts.at(-1)?.sessionId ?? NO_SESSION, session) &&
      !said(task).some(({ nodeId }) => nodeId === this.#context.self.id)
    );
  }
}

const NO_SESSION = new Uint8Array(0);

/** Reads the fact that lies beside a key share. */
export function readyOf(command: Uint8Array): Ready | undefined {
  const said = decode(Command, command)?.command;
  return said?.$case === 'ready' ? said.value : undefined;
}

function installedName(key: ActiveKey): string {
  return `installed/${key.keyId}/${key.version}`;
}

function lacksInstalled(key: ActiveKey, node: string): boolean {
  return (
    partyIndexOf(key.participants, node) > 0 && !key.installed.some(({ nodeId }) => nodeId === node)
  );
}
