import type { Alarms } from '../alarms/index.js';
import { KIND_JUDGES } from '../blame/index.js';
import type { JudgeTable } from '../blame/index.js';
import type { NodeId } from '../common/index.js';
import { BUILD_LEVEL, isSignedLevelWord, levelWord } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import type { Signer, Verify } from '../ports/index.js';
import { TASK_KINDS } from '../state/index.js';
import type { KindTable } from '../state/index.js';
import { TASK_DRIVERS } from '../tasks/index.js';
import type { DriverTable } from '../tasks/index.js';
import type { LevelWord } from '../wire/index.js';

/** The properties of a build that another may lack. Handed in, so that a test can run a later build beside this one. */
export type Build = {
  /** The highest feature level that it has. */
  readonly level: number;
  /** The kinds of task that it knows, those included that came with a level which the cluster has not reached. */
  readonly kinds: {
    readonly rules: KindTable;
    /** How the messages of each kind are judged. */
    readonly judges: JudgeTable;
    readonly drivers: DriverTable;
  };
};

/** This build, as it is released. */
export const THIS_BUILD: Build = {
  level: BUILD_LEVEL,
  kinds: { rules: TASK_KINDS, judges: KIND_JUDGES, drivers: TASK_DRIVERS },
};

/** The life of a data directory; always 1 until membership can change. */
export const INCARNATION = 1;

type BuildsParts = {
  readonly genesis: Genesis;
  readonly signer: Signer;
  /** The highest feature level of this node's build. */
  readonly level: number;
  readonly verify: Pick<Verify, 'identity'>;
  readonly alarms: Alarms;
};

/** Signed words on which build each node runs: this node's own, and the newest that was heard of each other. */
export class Builds {
  readonly #parts: BuildsParts;
  readonly #words = new Map<NodeId, LevelWord>();

  constructor(parts: BuildsParts) {
    this.#parts = parts;
    const { genesis, signer, level } = parts;
    this.#words.set(signer.node, levelWord(genesis.clusterId, signer, INCARNATION, level));
  }

  get words(): ReadonlyMap<NodeId, LevelWord> {
    return this.#words;
  }

  /** Keeps what `peer` says of its build, if it has signed that. */
  heard(peer: NodeId, word: LevelWord): void {
    const { genesis, verify, alarms } = this.#parts;
    const member = genesis.members.find(({ nodeId }) => nodeId === peer);
    const signed =
      member !== undefined &&
      word.nodeId === peer &&
      isSignedLevelWord(genesis.clusterId, member.identityKey, word, verify);
    if (signed) this.#words.set(peer, word);
    else alarms.raise('A peer has not signed what it says of its build', peer);
  }
}
