import { existsSync } from 'node:fs';
import { wordsOf } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { SecretBytes } from '../crypto/index.js';
import type { KeyManager, Rewrapped } from '../keys/index.js';
import { identityPathOf } from '../machine/index.js';
import {
  adoptNextKey,
  loadNodeKey,
  nextKeyPathOf,
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

export type NodeKeyChangeParts = {
  readonly config: Pick<NodeConfig, 'nodeKey' | 'nodeId' | 'dataDir'>;
  readonly environment: Environment;
  readonly wrapping: KeyManager['wrapping'];
  readonly clock: Clock;
  readonly logger: Logger;
};

/**
 * Changes the node key of a node that runs: when there is a next key, all secrets are wrapped under it while they are used,
 * then the identity key is sealed under it, and then its file takes the place of the old one. A crash at any point leaves both
 * keys and what opens under one of them, and the next start goes on.
 */
export class NodeKeyChange {
  readonly #parts: NodeKeyChangeParts;
  #changing: Promise<void> | undefined;
  #again: Timer | undefined;
  #stopped = false;

  constructor(parts: NodeKeyChangeParts) {
    this.#parts = parts;
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
  }

  async #tryOnce(): Promise<void> {
    const { config, clock, logger } = this.#parts;
    const { nodeKey } = config;
    if (this.#stopped || nodeKey.kind !== 'file') return;
    this.#again?.cancel();
    try {
      await this.#changeTo(nodeKey);
    } catch (error) {
      if (this.#stopped) return;
      logger.error('The node key could not be changed yet', { error: wordsOf(error) });
      this.#again = clock.after(AGAIN_MS, () => void this.change());
    }
  }

  async #changeTo(source: FileSource): Promise<void> {
    const { config, environment, wrapping, logger } = this.#parts;
    const { nodeId, dataDir } = config;
    using next = await loadNextKey(config, environment);
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
    using before = await loadNodeKey(source, nodeId, environment, identityPathOf(dataDir));
    resealIdentity(identityPathOf(dataDir), nodeId, before.bytes, next.bytes);
    adoptNextKey(source.path);
    wrapping.finishRewrap();
    this.#tell(counts);
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
