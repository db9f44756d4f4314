import type { Millis, NodeId, TaskId } from '../../common/index.js';
import { compareText } from '../../common/index.js';
import { FIRST_VERSION } from '../../state/index.js';
import type { ActiveKey } from '../../state/index.js';
import type { Attempt, BootedNode } from '../../wire/index.js';
import { WANT_REPEAT_MS } from '../limits.js';
import type { SupplyChecks } from '../voter/supply-checks.js';
import type { SupplyPools } from '../voter/supply-pools.js';
import type { Connections } from '../connections.js';
import type { ParticipantChoice } from '../monitor/participant-choice.js';
import type { TaskContext } from '../context.js';

/** The task of an attempt, and the attempt's number. */
export type AttemptOf = {
  readonly taskId: TaskId;
  readonly requestHash: Uint8Array;
  /** From 1. */
  readonly number: number;
};

/** Makes attempts: which nodes take part, and with which supplies or in which run. Only a leader asks it. */
export class Assigner {
  readonly #context: Pick<TaskContext, 'self' | 'clock' | 'outbox'>;
  readonly #connections: Connections;
  readonly #pools: SupplyPools;
  readonly #checks: SupplyChecks;
  /** Absent: nodes take turns. */
  readonly #choice: ParticipantChoice | undefined;
  readonly #askedMs = new Map<string, Millis>();
  #turn = 0;

  constructor(
    context: Pick<TaskContext, 'self' | 'clock' | 'outbox'>,
    connections: Connections,
    pools: SupplyPools,
    checks: SupplyChecks,
    choice?: ParticipantChoice,
  ) {
    this.#context = context;
    this.#connections = connections;
    this.#pools = pools;
    this.#checks = checks;
    this.#choice = choice;
  }

  /**
   * An attempt with supplies from the pools; this node's own cost no message. Where the pools are too empty there is none, and the
   * candidates are asked to fill them.
   */
  withSupplies(
    of: AttemptOf,
    key: ActiveKey,
    candidates: readonly NodeId[],
    lastResort: readonly NodeId[],
  ): Attempt | undefined {
    const supplies = this.#pools.assign(
      key.keyId,
      key.version,
      key.threshold,
      [...this.#inTurn(candidates), ...lastResort],
      (supply) => this.#checks.isGood(supply),
    );
    if (supplies === undefined) {
      // Of each node by itself: one whose supplies are never looked through keeps no other from being asked.
      const lacking = [...candidates, ...lastResort].filter((node) => !this.#has(key, node));
      if (lacking.length > 0) this.#want(key, lacking);
      return undefined;
    }
    for (const supply of supplies) this.#checks.used(supply);
    this.#choice?.took(
      supplies.map(({ nodeId }) => nodeId),
      candidates,
    );
    // Checks make up for the used ones before the next need.
    for (const node of [...candidates, ...lastResort]) {
      if (supplies.some(({ nodeId }) => nodeId === node)) this.#has(key, node);
    }
    // Better ones that lack supplies are to have some by the next attempt: else a silent node is asked again and again.
    const lastAsked = supplies.some(({ nodeId }) => lastResort.some((node) => node === nodeId));
    if (lastAsked) this.#want(key, candidates);
    return {
      ...of,
      version: key.version,
      sharingSession: key.sessionId,
      assignment: { $case: 'supplies', value: { supplies: [...supplies] } },
      auxiliary: undefined,
      dealers: [],
    };
  }

  /**
   * An attempt of a session among as many of these nodes as the key needs signers; none while too few can be reached. Of the last resort
   * each attempt takes others: any of them may be the silent one.
   *
   * @param isOwnFirst - Whether this node is among them where it can be, since it costs no messages; else all are in turn.
   */
  withSession(
    of: AttemptOf,
    key: ActiveKey,
    candidates: readonly NodeId[],
    lastResort: readonly NodeId[],
    auxiliary: Attempt['auxiliary'],
    isOwnFirst = true,
  ): Attempt | undefined {
    const turned = lastResort.map((_, at) => lastResort[(at + of.number) % lastResort.length]);
    // Of a session with a silent signer all owe their shares. Beside one that owes none this node is the better choice.
    const isOwn = (node: NodeId): number =>
      Number(candidates.length > 0 && node === this.#context.self.id);
    const rest = turned
      .filter((node) => node !== undefined)
      .toSorted((a, b) => isOwn(b) - isOwn(a));
    const first = isOwnFirst ? this.#inTurn(candidates) : this.#allInTurn(candidates);
    const able = [...first, ...rest];
    const signers = able.slice(0, key.threshold);
    if (signers.length < key.threshold || auxiliary === undefined) return undefined;
    this.#choice?.took(signers, candidates);
    const { version, sessionId: sharingSession } = key;
    return this.withBoots(of, signers, { version, sharingSession, auxiliary });
  }

  /**
   * An attempt among these nodes, each in the run that it is in, or none while one of them cannot be reached.
   *
   * @param about - What the attempt is for: a sharing that does not exist yet, of no auxiliary material, where it is not said.
   */
  withBoots(
    of: AttemptOf,
    participants: readonly NodeId[],
    about: Partial<Pick<Attempt, 'version' | 'sharingSession' | 'auxiliary' | 'dealers'>> = {},
  ): Attempt | undefined {
    const nodes: BootedNode[] = [];
    for (const nodeId of participants.toSorted(compareText)) {
      const boot = this.#connections.bootOf(nodeId);
      if (boot === undefined) return undefined;
      nodes.push({ nodeId, boot });
    }
    return {
      ...of,
      version: FIRST_VERSION,
      sharingSession: new Uint8Array(0),
      auxiliary: undefined,
      dealers: [],
      ...about,
      assignment: { $case: 'boots', value: { nodes } },
    };
  }

  /** Whether a node has a supply to name, or will have when what it announced is checked. */
  #has(key: ActiveKey, node: NodeId): boolean {
    return this.#checks.check(key, node);
  }

  /** By what is known of the nodes; else this node first, then the others in turn, so that the load is shared. */
  #inTurn(candidates: readonly NodeId[]): readonly NodeId[] {
    if (this.#choice !== undefined) return this.#choice.order(candidates, true);
    const { id: self } = this.#context.self;
    const others = candidates.filter((node) => node !== self);
    this.#turn = (this.#turn + 1) % Math.max(1, others.length);
    const turned = [...others.slice(this.#turn), ...others.slice(0, this.#turn)];
    return candidates.includes(self) ? [self, ...turned] : turned;
  }

  /** A presignature is of use as long as all its signers are there: so others make each, and not always this node. */
  #allInTurn(candidates: readonly NodeId[]): readonly NodeId[] {
    if (this.#choice !== undefined) return this.#choice.order(candidates, false);
    const sorted = candidates.toSorted(compareText);
    this.#turn = (this.#turn + 1) % Math.max(1, sorted.length);
    return [...sorted.slice(this.#turn), ...sorted.slice(0, this.#turn)];
  }

  #want(key: ActiveKey, candidates: readonly NodeId[]): void {
    const now = this.#context.clock.elapsed();
    const asked = this.#askedMs.get(key.keyId);
    if (asked !== undefined && now - asked < WANT_REPEAT_MS) return;
    // In order of time, so that what is over goes from the front.
    for (const [name, askedMs] of this.#askedMs) {
      if (now - askedMs < WANT_REPEAT_MS) break;
      this.#askedMs.delete(name);
    }
    this.#askedMs.set(key.keyId, now);
    for (const node of candidates) {
      this.#context.outbox.send(node, {
        message: { $case: 'wantSupplies', value: { keyId: key.keyId } },
      });
    }
  }
}
