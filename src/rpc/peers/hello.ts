import { BOOT_BYTES, bootId, ClusterError, fromHex, toHex } from '../../common/index.js';
import type { Boot, NodeId } from '../../common/index.js';
import type { Hello, LevelWord } from '../../wire/index.js';

/** The statement of a node about itself at the beginning of every stream. */
export type Self = {
  readonly nodeId: NodeId;
  readonly boot: Boot;
  /** The life of the data directory; always 1 until membership can change. */
  readonly incarnation: 1;
  /** The node's signed word on its build. */
  readonly build: LevelWord;
};

/**
 * The feature level that the form of a hello came with. A hello says all that two nodes need to hear of each other before
 * one of them knows the cluster's level, so its form should never need another.
 */
const HELLO_LEVEL = 1;

export function helloOf(clusterId: string, self: Self): Hello {
  return {
    level: HELLO_LEVEL,
    clusterId,
    nodeId: self.nodeId,
    incarnation: self.incarnation,
    boot: fromHex(self.boot) ?? new Uint8Array(0),
    buildLevel: self.build.level,
    buildSignature: self.build.signature,
  };
}

/** The build of a node by its hello. Its signature is not checked here. */
export function buildOf({ nodeId, incarnation, buildLevel, buildSignature }: Hello): LevelWord {
  return { nodeId, incarnation, level: buildLevel, signature: buildSignature };
}

/**
 * Checks a hello against the node that the certificate names.
 *
 * @returns The other process' boot.
 * @throws ClusterError `forbidden` HELLO_MISMATCH.
 */
export function bootOf(hello: Hello, clusterId: string, peer: NodeId): Boot {
  if (hello.level !== HELLO_LEVEL) throw mismatch('another level than its form came with', {});
  if (hello.clusterId !== clusterId) throw mismatch('another cluster', { cluster: clusterId });
  if (hello.nodeId !== peer) throw mismatch('another node than its certificate', { node: peer });
  if (hello.incarnation !== 1) throw mismatch('an incarnation that is not a member', {});
  if (hello.boot.length !== BOOT_BYTES)
    throw mismatch(`a boot that is not ${BOOT_BYTES} bytes`, {});
  return bootId(toHex(hello.boot));
}

function mismatch(what: string, facts: Readonly<Record<string, string>>): ClusterError {
  return new ClusterError('forbidden', `The hello names ${what}`, {
    reason: 'HELLO_MISMATCH',
    facts,
  });
}
