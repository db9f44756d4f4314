import { existsSync } from 'node:fs';
import { wordsOf } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';
import type { KeyManager, Rewrapped } from '../keys/index.js';
import { identityPathOf } from '../machine/index.js';
import {
  adoptNextKey,
  finishKeyChange,
  keyChangeKeyOf,
  loadNodeKey,
  nextKeyPathOf,
  openKeyChange,
  openNextKey,
  resealIdentity,
  wrappingKeyOf,
} from '../pki/index.js';
import type { Environment, NodeKeySource } from '../pki/index.js';
import type { Clock, Logger, Timer } from '../ports/index.js';
import type { NodeConfig } from './config.js';

/** How long a change waits that found the share store unavailable. */
const AGAIN_MS: Millis = 10_000;
/** Records between two lines of the log. */
const PROGRESS_EVERY = 10_000;

type FileSource = Extract<NodeKeySource, { kind: 'file' }>;

/**
 * The key that is to take the place of the node key, where there is one. Its user ends its life.
 *
 * @throws ClusterError as {@link loadNodeKey} does.
 */
export async function loadNextKey(
  { nodeKey, nodeId, dataDir }: Pick<NodeConfig, 'nodeKey' | 'nodeId' | 'dataDir'>,
  environment: Environment,
): Promise<SecretBytes | undefined> {
  if (nodeKey.kind !== 'file' || !existsSync(nextKeyPathOf(nodeKey.path))) return undefined;
  return loadNodeKey(nextSource(nodeKey), nodeId, environment, identityPathOf(dataDir));
}

export type LoadedKeys = {
  readonly key: SecretBytes;
  /** The one that is to take its place, where it is being changed. */
  readonly next: SecretBytes | undefined;
  /** Whether the change may end at this start: a variable that has the old secret still may have it at the next start, too. */
  readonly mayChange: boolean;
};

/**
 * A node's keys as its start finds them. Their user ends their lives.
 *
 * @throws ClusterError as {@link loadNodeKey} does.
 */
export async function loadNodeKeys(
  config: Pick<NodeConfig, 'nodeKey' | 'nodeId' | 'dataDir'>,
  environment: Environment,
): Promise<LoadedKeys> {
  const { nodeKey, nodeId, dataDir } = config;
  const identityPath = identityPathOf(dataDir);
  const key = await loadNodeKey(nodeKey, nodeId, environment, identityPath);
  try {
    if (nodeKey.kind === 'file')
      return { key, next: await loadNextKey(config, environment), mayChange: true };
    const change = openKeyChange(identityPath, nodeId, key);
    if (change === undefined) return { key, next: undefined, mayChange: true };
    key[Symbol.dispose]();
    return { key: change.before, next: change.next, mayChange: change.given === 'next' };
  } catch (error) {
    key[Symbol.dispose]();
    throw error;
  }
}

export type NodeKeyChangeParts = {
  readonly config: Pick<NodeConfig, 'nodeKey' | 'nodeId' | 'dataDir'>;
  readonly environment: Environment;
  /** {@link keyChangeKeyOf} the node key. A copy is kept, and wiped in the end. */
  readonly changeKey: Uint8Array;
  readonly wrapping: KeyManager['wrapping'];
  readonly clock: Clock;
  readonly logger: Logger;
};

/**
 * Changes the node key of a node that runs: when there is a next key, all secrets are wrapped under it while they are used,
 * then the identity key is sealed under it, and then its file takes the place of the old one; of a key that comes from a variable,
 * the file of the change goes. A crash at any point leaves both keys and what opens under one of them, and the next start goes on.
 */
export class NodeKeyChange {
  readonly #parts: NodeKeyChangeParts;
  #changeKey: SecretBytes;
  #changing: Promise<void> | undefined;
  #again: Timer | undefined;
  #stopped = false;

  constructor(parts: NodeKeyChangeParts) {
    this.#parts = parts;
    this.#changeKey = new SecretBytes(Uint8Array.from(parts.changeKey));
  }

  /** Changes the node key if there is a next one; of calls meanwhile nothing comes. Resolves when this try is over, however. */
  change(): Promise<void> {
    this.#changing ??= this.#tryOnce().finally(() => {
      this.#changing = undefined;
    });
    return this.#changing;
  }

  /** Ends it where it is. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#again?.cancel();
    await this.#changing;
    this.#changeKey[Symbol.dispose]();
  }

  async #tryOnce(): Promise<void> {
    const { clock, logger } = this.#parts;
    if (this.#stopped) return;
    this.#again?.cancel();
    try {
      await this.#changeToNext();
    } catch (error) {
      if (this.#stopped) return;
      logger.error('The node key could not be changed yet', { error: wordsOf(error) });
      this.#again = clock.after(AGAIN_MS, () => void this.change());
    }
  }

  async #changeToNext(): Promise<void> {
    const { wrapping, logger } = this.#parts;
    using next = await this.#nextKey();
    if (next === undefined) return;
    logger.info('The node key is being changed');
    using wrappingKey = new SecretBytes(wrappingKeyOf(next.bytes));
    wrapping.beginRewrap(wrappingKey.bytes);
    let told = 0;
    const counts = await wrapping.rewrap((count) => {
      if (count < told + PROGRESS_EVERY) return;
      logger.info('The node key is being changed', { records: count });
      told = count;
    });
    if (this.#stopped) return;
    await this.#adopt(next);
    this.#changeKey[Symbol.dispose]();
    this.#changeKey = new SecretBytes(keyChangeKeyOf(next.bytes));
    wrapping.finishRewrap();
    this.#tell(counts);
  }

  async #nextKey(): Promise<SecretBytes | undefined> {
    const { config, environment } = this.#parts;
    const { nodeKey, nodeId, dataDir } = config;
    if (nodeKey.kind === 'file') return loadNextKey(config, environment);
    return openNextKey(identityPathOf(dataDir), nodeId, this.#changeKey.bytes);
  }

  /** The node key is the next one from here on. */
  async #adopt(next: SecretBytes): Promise<void> {
    const { config, environment } = this.#parts;
    const { nodeKey, nodeId, dataDir } = config;
    const identityPath = identityPathOf(dataDir);
    if (nodeKey.kind !== 'file') return finishKeyChange(identityPath);
    using before = await loadNodeKey(nodeKey, nodeId, environment, identityPath);
    resealIdentity(identityPath, nodeId, before.bytes, next.bytes);
    adoptNextKey(nodeKey.path);
  }

  #tell({ unopened, ...counts }: Rewrapped): void {
    const { logger } = this.#parts;
    logger.info('The node key has changed', counts);
    if (unopened > 0)
      logger.warn(
        'Some records of the share store open under neither node key, and stay as they are',
        {
          unopened,
        },
      );
  }
}

/** Where the next key is. */
function nextSource(source: FileSource): FileSource {
  return { ...source, path: nextKeyPathOf(source.path) };
}
