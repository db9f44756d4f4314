import { toHex, type NodeId } from '../../../src/common/index.js';
import type { LogFields, Persist } from '../../../src/ports/index.js';
import type {
  Contribution,
  FreshSupplies,
  RaftMessage,
  TaskMessageBody,
  TaskRecord,
} from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Status } from '../process.js';
import { AppliedState } from './applied-state.js';
import { Answers } from './answers.js';
import { Attempts, type Naming } from './attempts.js';
import { Committed } from './committed.js';
import { ElectionSafety } from './election-safety.js';
import type { Facts, Report } from './facts.js';
import { FreshMaterial } from './fresh-material.js';
import { EndedKeys } from './ended-keys.js';
import { ErasedShares, ERASED_WITHIN_MS } from './erased-shares.js';
import { KeyKept, type SharesOnDisk } from './key-kept.js';
import { HeldResults } from './held-results.js';
import { LogMatching } from './log-matching.js';
import { LostLogs } from './lost-logs.js';
import { Outcomes } from './outcomes.js';
import { PooledPresignatures } from './pooled-presignatures.js';
import { Promises } from './promises.js';
import { RefreshEpochs } from './refresh-epochs.js';
import { ReleasedShare } from './released-share.js';
import { SessionOrder } from './session-order.js';
import { SessionShares, type ReadShare } from './session-shares.js';
import { SingleUse } from './single-use.js';
import { Transfers } from './transfers.js';
import { VersionsApart } from './versions-apart.js';
import type { Watcher } from './watcher.js';
import { isShareKind } from '../share-kinds.js';
import { DECLINED_KIND } from '../../../src/tasks/index.js';

export type WatchParts = {
  /** Of the honest nodes. */
  readonly facts: Facts;
  readonly naming: Naming;
  readonly shares: SharesOnDisk;
  readonly readShare: ReadShare;
  readonly counts: Counts;
  readonly report: Report;
  /** True milliseconds. */
  readonly now: () => number;
};

/** All checkers of a cluster whose nodes are honest, each told what concerns it as it happens. */
export class Watch implements Watcher {
  readonly report: Report;
  readonly keys: KeyKept;
  readonly transfers: Transfers;
  readonly #outcomes: Outcomes;
  readonly #counts: Counts;
  readonly #election: ElectionSafety;
  readonly #promises: Promises;
  readonly #lostLogs: LostLogs;
  readonly #log: LogMatching;
  readonly #committed: Committed;
  readonly #applied: AppliedState;
  readonly #attempts: Attempts;
  readonly #singleUse: SingleUse;
  readonly #released: ReleasedShare;
  readonly #order: SessionOrder;
  readonly #sessionShares: SessionShares;
  readonly #answers: Answers;
  readonly #heldResults: HeldResults;
  readonly #facts: Facts;
  readonly #shares: SharesOnDisk;
  readonly #ended: EndedKeys;
  readonly #erased: ErasedShares;
  readonly #epochs: RefreshEpochs;
  readonly #apart: VersionsApart;
  readonly #material: FreshMaterial;
  readonly #presignatures: PooledPresignatures;
  readonly #declines = new Set<string>();

  constructor(parts: WatchParts) {
    const { facts, naming, shares, readShare, counts, report, now } = parts;
    this.report = report;
    this.#counts = counts;
    this.#election = new ElectionSafety(report);
    this.#promises = new Promises(facts, report);
    this.#lostLogs = new LostLogs(counts, report);
    this.transfers = new Transfers(facts, report, now);
    this.#log = new LogMatching(facts, report);
    this.#committed = new Committed(facts, report);
    this.#applied = new AppliedState(facts, report);
    this.#attempts = new Attempts(naming);
    this.#answers = new Answers(this.#attempts, facts, report);
    this.#heldResults = new HeldResults(report);
    this.#singleUse = new SingleUse(this.#attempts, report);
    this.#released = new ReleasedShare(this.#attempts, facts, report);
    this.#order = new SessionOrder(this.#attempts, facts.nodes, report);
    this.#sessionShares = new SessionShares(this.#attempts, readShare, report);
    this.#outcomes = new Outcomes(report, () =>
      Math.max(...facts.nodes.map((node) => facts.clock(node))),
    );
    this.keys = new KeyKept(shares, report);
    this.#facts = facts;
    this.#shares = shares;
    this.#ended = new EndedKeys(this.#attempts, shares, facts.nodes, counts, report);
    this.#erased = new ErasedShares(report);
    this.#epochs = new RefreshEpochs(naming, counts, report);
    this.#apart = new VersionsApart(this.#attempts, counts, report);
    this.#material = new FreshMaterial(this.#attempts, report);
    this.#presignatures = new PooledPresignatures(this.#attempts, facts.nodes, counts, report);
  }

  newestLeader(): NodeId | undefined {
    return this.#election.newest();
  }

  restarted(node: NodeId): void {
    this.transfers.restarted(node);
    this.#committed.restarted(node);
    this.#lostLogs.restarted(node);
    this.#heldResults.restarted(node);
  }

  /** Gives whether `node` has just become leader. */
  status(node: NodeId, status: Status): boolean {
    this.transfers.status(node, status);
    this.#committed.status(node, status);
    this.#counts.committedEntries = this.#committed.index;
    if (status.leader !== node || !this.#election.says(node, status.term)) return false;
    this.#committed.elected(node, status.term);
    return true;
  }

  persisted(node: NodeId, batch: Persist): void {
    if (batch.hardState !== undefined) this.#promises.persisted(node, batch.hardState);
    this.#log.persisted(node, batch.entries);
    this.#committed.persisted(node, batch.truncateFrom);
    this.#applied.persisted(node);
    for (const entry of batch.entries) this.#attempts.read(entry);
    this.#outcomes.persisted(node, batch.writes);
    this.keys.persisted(node, batch.writes);
    this.#ended.persisted(node, batch.writes);
    this.#erased.persisted(node, batch.entries, batch.writes);
    this.#epochs.persisted(node, batch.entries, batch.writes);
    this.#apart.persisted(node, batch.writes);
    this.#material.persisted(node, batch.writes);
    this.#presignatures.persisted(node, batch.entries, batch.truncateFrom);
  }

  /** An honest cluster raises none. */
  alarm(node: NodeId, message: string, fields: LogFields): void {
    this.#lostLogs.alarm(node, message);
    this.report('alarm', `${node}: ${message} ${JSON.stringify(fields)}`);
  }

  asked(): void {
    // Who asks for what is of no interest while nobody forges.
  }

  remarked(node: NodeId, remark: string, fields: LogFields): void {
    this.#heldResults.remarked(node, remark, fields);
  }

  acknowledged(node: NodeId, task: TaskRecord): void {
    this.#answers.acknowledged(node, task);
    this.#outcomes.acknowledged(task);
  }

  shareKept(node: NodeId, key: string): void {
    this.keys.shareWritten(key);
    this.#ended.kept(node, key);
  }

  shareErased(node: NodeId, key: string, session: string): void {
    const isGivenUp = this.#erased.erased(node, key, session);
    this.keys.shareErased(node, key, session, isGivenUp);
  }

  followsInMs(): number {
    return this.#counts.newVersions > 0 ? ERASED_WITHIN_MS : 0;
  }

  concluded(): void {
    this.#erased.concluded(this.#facts.nodes, this.#shares, this.keys);
  }

  sentRaft(from: NodeId, message: RaftMessage): void {
    if (message.from !== from) this.report('wire', `${from} speaks as ${message.from}`);
    this.#promises.sent(from, message);
    this.#lostLogs.sent(from, message);
    this.transfers.sent(from, message);
    if (message.message?.$case !== 'append') return;
    this.#election.shown(from, Number(message.term));
    for (const entry of message.message.value.entries) {
      this.#log.seen(from, Number(entry.index), Number(entry.term), entry.hash);
    }
  }

  sentTaskMessage(from: NodeId, message: TaskMessageBody): void {
    const body = message.message;
    if (body?.$case === 'envelope') {
      const session = toHex(body.value.sessionId);
      this.#released.contribution(from, session, body.value.kind);
      this.#order.says(from, body.value);
      this.#presignatures.says(from, body.value);
    }
    if (body?.$case === 'contribution') this.#contribution(from, body.value);
    if (body?.$case === 'decline') {
      this.#published(from, body.value.freshSupplies);
      const { envelope } = body.value;
      if (envelope?.kind === DECLINED_KIND) this.#declined(from, toHex(envelope.sessionId));
    }
    if (body?.$case === 'freshSupplies') this.#published(from, body.value);
  }

  #published(from: NodeId, fresh: FreshSupplies | undefined): void {
    this.#singleUse.published(from, fresh?.supplies ?? []);
    if (fresh !== undefined) this.#apart.published(fresh);
  }

  #contribution(from: NodeId, { envelope, freshSupplies }: Contribution): void {
    this.#published(from, freshSupplies);
    if (!isShareKind(envelope?.kind) || envelope?.content?.$case !== 'open') return;
    const session = toHex(envelope.sessionId);
    const { body } = envelope.content.value;
    this.#released.share(from, session);
    this.#ended.share(from, session);
    this.#apart.share(from, session);
    const isBySession = (this.#attempts.of(session)?.nodes.length ?? 0) > 0;
    if (isBySession) this.#order.shares(from, session);
    const uses = isBySession ? this.#sessionShares : this.#singleUse;
    if (uses.share(from, session, body)) this.#counts.shares++;
  }

  /** What is sent again counts once. */
  #declined(from: NodeId, session: string): void {
    const name = `${from}/${session}`;
    if (this.#declines.has(name)) return;
    this.#declines.add(name);
    this.#counts.declines++;
  }
}
