import { nodeId, toHex } from '../../common/index.js';
import type { NodeId } from '../../common/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { Culprits } from '../blame/culprits.js';
import type { Connections } from '../connections.js';
import type { TaskContext } from '../context.js';
import type { SessionFailures } from '../kinds/sign/session-failures.js';
import { bootsOf } from '../live-tasks.js';
import type { PooledPresignature, PresignaturePools } from '../voter/presignature-pools.js';
import { isReached } from './reached.js';

export type PresignatureChoiceParts = {
  readonly context: Pick<TaskContext, 'consensus'>;
  readonly connections: Connections;
  readonly culprits: Pick<Culprits, 'has'>;
  readonly failures: Pick<SessionFailures, 'wasSilent'>;
  readonly pools: PresignaturePools;
};

/** The presignatures that a leader can name: all their signers answer, in the same run, and none has lied or was silent. */
export class PresignatureChoice {
  readonly #parts: PresignatureChoiceParts;

  constructor(parts: PresignatureChoiceParts) {
    this.#parts = parts;
  }

  /** Takes one for a signature by a key. An attempt that names it may still come to nothing: its holders decide. */
  take(key: ActiveKey): PooledPresignature | undefined {
    return this.#parts.pools.take(key, this.#isOfUse());
  }

  /** How many there are of a key. */
  level(key: ActiveKey): number {
    return this.#parts.pools.count(key, this.#isOfUse());
  }

  /** Each node is looked at once for all presignatures. */
  #isOfUse(): (pooled: PooledPresignature) => boolean {
    const looked = new Map<NodeId, string | undefined>();
    const runOf = (node: NodeId): string | undefined => {
      if (!looked.has(node)) looked.set(node, this.#runOf(node));
      return looked.get(node);
    };
    return ({ attempt }) =>
      bootsOf(attempt).every(({ nodeId: id, boot }) => runOf(nodeId(id)) === toHex(boot));
  }

  /** The run of a node that is to sign. */
  #runOf(node: NodeId): string | undefined {
    const { connections, culprits, failures } = this.#parts;
    const boot = connections.bootOf(node);
    const isAsked =
      isReached(this.#parts, node) && !culprits.has(node) && !failures.wasSilent(node);
    return isAsked && boot !== undefined ? toHex(boot) : undefined;
  }
}
