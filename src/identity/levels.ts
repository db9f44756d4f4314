import type { ClusterId } from '../common/index.js';
import type { Signer, Verify } from '../ports/index.js';
import { textItem, transcript, u32Item } from '../wire/index.js';
import type { LevelWord } from '../wire/index.js';

/**
 * The feature level of this build: the highest by which it can judge and write the replicated state. A cluster begins at
 * the level of its genesis, and an operator's request raises it by one. What a build does differently from the one before,
 * in what applying an entry decides or writes, comes with a new level; what came with which level, and what may change
 * from here on, is in `docs/wire.md`.
 */
export const BUILD_LEVEL = 3;

/**
 * The bytes that a node signs of its build: T("level", …). The word is good for every level up to the one it names: a
 * build that has a level has all levels below it.
 */
export function levelBytes(
  clusterId: ClusterId,
  { nodeId, incarnation, level }: Omit<LevelWord, 'signature'>,
): Uint8Array {
  return transcript('level', [
    textItem(clusterId),
    textItem(nodeId),
    u32Item(incarnation),
    u32Item(level),
  ]);
}

/**
 * A node's own word on its build.
 *
 * @param incarnation - The life of the node's data directory.
 * @param level - The highest level that the node's build has.
 */
export function levelWord(
  clusterId: ClusterId,
  signer: Pick<Signer, 'node' | 'sign'>,
  incarnation: number,
  level: number,
): LevelWord {
  const word = { nodeId: signer.node, incarnation, level };
  return { ...word, signature: signer.sign(levelBytes(clusterId, word)) };
}

/** Claims that a word on a build is signed by the node whose identity key this is. */
export function isSignedLevelWord(
  clusterId: ClusterId,
  identityKey: Uint8Array,
  word: LevelWord,
  verify: Pick<Verify, 'identity'>,
): boolean {
  return verify.identity(identityKey, levelBytes(clusterId, word), word.signature);
}
