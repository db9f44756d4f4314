import type { AlarmKind } from '../../../src/alarms/index.js';
import { nodeId, toHex, type NodeId } from '../../../src/common/index.js';
import type { LogFields, Persist, Write } from '../../../src/ports/index.js';
import { decode, TaskRecord } from '../../../src/wire/index.js';
import type {
  Contribution,
  Decline,
  FreshSupplies,
  RaftMessage,
  TaskMessageBody,
} from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Status } from '../process.js';
import { Answers } from './answers.js';
import { Attempts } from './attempts.js';
import { Claim } from './claim.js';
import { EndedKeys } from './ended-keys.js';
import { ErasedShares, ERASED_WITHIN_MS } from './erased-shares.js';
import type { Facts, Report } from './facts.js';
import { FreshMaterial } from './fresh-material.js';
import { KeyKept, type SharesOnDisk } from './key-kept.js';
import type { GenesisRules } from './genesis-rules.js';
import { HeldResults } from './held-results.js';
import { LogMatching } from './log-matching.js';
import { Outcomes } from './outcomes.js';
import { OwnHistory } from './own-history.js';
import { PooledPresignatures } from './pooled-presignatures.js';
import { Promises } from './promises.js';
import { RefreshEpochs } from './refresh-epochs.js';
import { ReleasedShare } from './released-share.js';
import { SessionOrder } from './session-order.js';
import { SessionShares } from './session-shares.js';
import { SingleUse } from './single-use.js';
import { Transfers } from './transfers.js';
import { VersionsApart } from './versions-apart.js';
import type { WatchParts } from './watch.js';
import type { AskedCall, Watcher } from './watcher.js';
import { isShareKind } from '../share-kinds.js';
import { DECLINED_KIND } from '../../../src/tasks/index.js';

/** Alarms that tell of the node itself, so that nobody else's lie explains them. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'an own signature share failed its check',
  'every share holds and the signature does not',
  'no key share on this node',
  'key share cannot be opened',
]);

/** Alarms that blame the node in `peer`. Elsewhere it is the sender of the message that showed something. */
const BLAMING: ReadonlySet<string> = new Set([
  'a signature share failed its check',
  'a node is proved to have lied',
  'a complaint that proves nothing',
] satisfies readonly AlarmKind[]);

/**
 * The claim of `docs/threats.md` for the honest nodes beside a malicious one: what each of them promises, keeps and gives
 * away. What Raft promises of all of them together (one leader in a term, one log) is not claimed then.
 */
export class ClaimWatch implements Watcher {
  readonly report: Report;
  readonly keys: KeyKept;
  readonly transfers: Transfers;
  readonly #facts: Facts;
  readonly #genesisRules: GenesisRules;
  readonly #counts: Counts;
  readonly #promises: Promises;
  readonly #log: LogMatching;
  readonly #history: OwnHistory;
  readonly #attempts: Attempts;
  readonly #claim: Claim;
  readonly #singleUse: SingleUse;
  readonly #released: ReleasedShare;
  readonly #order: SessionOrder;
  readonly #sessionShares: SessionShares;
  readonly #outcomes: ReadonlyMap<NodeId, Outcomes>;
  readonly #answers: Answers;
  readonly #heldResults: HeldResults;
  readonly #shares: SharesOnDisk;
  readonly #ended: EndedKeys;
  readonly #erased: ErasedShares;
  readonly #epochs: RefreshEpochs;
  readonly #apart: VersionsApart;
  readonly #material: FreshMaterial;
  readonly #presignatures: PooledPresignatures;
  readonly #declines = new Set<string>();
  #newest: { readonly term: number; readonly node: NodeId } | undefined;

  constructor(parts: WatchParts & { readonly genesisRules: GenesisRules }) {
    const { facts, naming, shares, readShare, genesisRules, counts, report, now } = parts;
    this.report = report;
    this.#facts = facts;
    this.#genesisRules = genesisRules;
    this.#counts = counts;
    this.#promises = new Promises(facts, report, { forks: true });
    this.transfers = new Transfers(facts, report, now);
    this.#log = new LogMatching(facts, report, { forks: true });
    this.#history = new OwnHistory(facts, report);
    this.#attempts = new Attempts(naming);
    this.#claim = new Claim(facts, this.#attempts, naming, genesisRules, report);
    this.#answers = new Answers(this.#attempts, facts, report);
    this.#heldResults = new HeldResults(report);
    this.#singleUse = new SingleUse(this.#attempts, report);
    this.#released = new ReleasedShare(this.#attempts, facts, report);
    this.#order = new SessionOrder(this.#attempts, facts.nodes, report);
    this.#sessionShares = new SessionShares(this.#attempts, readShare, report);
    const latestMs = (): number => Math.max(...facts.nodes.map((node) => facts.clock(node)));
    this.#outcomes = new Map(facts.nodes.map((node) => [node, new Outcomes(report, latestMs)]));
    this.keys = new KeyKept(shares, report, facts.nodes);
    this.#shares = shares;
    this.#ended = new EndedKeys(this.#attempts, shares, facts.nodes, counts, report);
    this.#erased = new ErasedShares(report, (word) => genesisRules.isTrueInstalled?.(word) ?? true);
    this.#epochs = new RefreshEpochs(naming, counts, report, { forks: true });
    this.#apart = new VersionsApart(this.#attempts, counts, report, { forks: true });
    this.#material = new FreshMaterial(this.#attempts, report, { forks: true });
    this.#presignatures = new PooledPresignatures(this.#attempts, facts.nodes, counts, report);
  }

  newestLeader(): NodeId | undefined {
    return this.#newest?.node;
  }

  restarted(node: NodeId): void {
    this.transfers.restarted(node);
    this.#history.restarted(node);
    this.#heldResults.restarted(node);
  }

  status(node: NodeId, status: Status): boolean {
    this.transfers.status(node, status);
    this.#history.status(node, status);
    this.#counts.committedEntries = Math.max(this.#counts.committedEntries, status.commit);
    if (status.leader !== node || status.term <= (this.#newest?.term ?? 0)) return false;
    this.#newest = { term: status.term, node };
    return true;
  }

  persisted(node: NodeId, batch: Persist): void {
    if (batch.hardState !== undefined) this.#promises.persisted(node, batch.hardState);
    this.#log.persisted(node, batch.entries);
    this.#history.persisted(node, batch.truncateFrom);
    for (const entry of batch.entries) {
      this.#attempts.read(entry);
      this.#claim.read(entry);
    }
    this.#outcomes.get(node)?.persisted(node, batch.writes);
    this.#blamed(node, batch.writes);
    this.keys.persisted(node, batch.writes);
    this.#ended.persisted(node, batch.writes);
    this.#erased.persisted(node, batch.entries, batch.writes);
    this.#epochs.persisted(node, batch.entries, batch.writes);
    this.#apart.persisted(node, batch.writes);
    this.#material.persisted(node, batch.writes);
    this.#presignatures.persisted(node, batch.entries, batch.truncateFrom);
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

  /** Beside a node that says nothing a version may never be installed by all: then the one before stays. */
  concluded(): void {
    this.#erased.concluded(this.#facts.nodes, this.#shares, this.keys);
  }

  sentRaft(from: NodeId, message: RaftMessage): void {
    if (message.from !== from) this.report('wire', `${from} speaks as ${message.from}`);
    this.#promises.sent(from, message);
    this.transfers.sent(from, message);
  }

  sentTaskMessage(from: NodeId, message: TaskMessageBody): void {
    const body = message.message;
    if (body?.$case === 'envelope') {
      const session = toHex(body.value.sessionId);
      this.#released.contribution(from, session, body.value.kind);
      this.#claim.speaks(from, session);
      this.#order.says(from, body.value);
      this.#presignatures.says(from, body.value);
    }
    if (body?.$case === 'contribution') this.#contribution(from, body.value);
    if (body?.$case === 'decline') this.#declined(from, body.value);
    if (body?.$case === 'freshSupplies') this.#published(from, body.value);
  }

  /** An alarm may name the malicious node, and nobody else. Entries name nobody (`docs/threats.md`). */
  alarm(node: NodeId, message: string, fields: LogFields): void {
    const blamed = BLAMING.has(message) ? fields['peer'] : fields['node'];
    const named = `${String(fields['culprits'] ?? '')} ${String(blamed ?? '')}`
      .split(' ')
      .map(nodeId);
    const innocent = named.filter((each) => this.#facts.nodes.includes(each));
    if (innocent.length > 0 || OWN_FAULTS.has(message)) {
      this.report('Blame', `${node}: ${message} ${JSON.stringify(fields)}`);
    } else if (named.some((each) => each !== '')) this.#counts.culprits++;
  }

  asked(node: NodeId, call: AskedCall): void {
    this.#claim.asked(node, call);
  }

  remarked(node: NodeId, remark: string, fields: LogFields): void {
    this.#heldResults.remarked(node, remark, fields);
  }

  acknowledged(node: NodeId, task: TaskRecord): void {
    this.#answers.acknowledged(node, task);
    this.#outcomes.get(node)?.acknowledged(task);
  }

  /** Evidence in an outcome may be anything, but proves nothing against an honest node. */
  #blamed(node: NodeId, writes: readonly Write[]): void {
    for (const [key, value] of writes) {
      if (value === undefined || !Buffer.from(key).toString('latin1').startsWith('task/')) continue;
      const outcome = decode(TaskRecord, value)?.outcome;
      if (outcome?.$case !== 'failed') continue;
      for (const evidence of outcome.value.evidence) {
        const culprit = this.#genesisRules.culpritOf(evidence);
        if (culprit !== undefined && this.#facts.nodes.includes(culprit)) {
          this.report('Blame', `${node} has a proof against ${culprit}, which is honest`);
        }
      }
    }
  }

  #published(from: NodeId, fresh: FreshSupplies | undefined): void {
    this.#singleUse.published(from, fresh?.supplies ?? []);
    if (fresh !== undefined) this.#apart.published(fresh);
  }

  #declined(from: NodeId, { envelope, freshSupplies }: Decline): void {
    this.#published(from, freshSupplies);
    const session = toHex(envelope?.sessionId ?? new Uint8Array(0));
    if (envelope?.kind !== DECLINED_KIND || this.#declines.has(`${from}/${session}`)) return;
    this.#declines.add(`${from}/${session}`);
    this.#counts.declines++;
  }

  #contribution(from: NodeId, { envelope, freshSupplies }: Contribution): void {
    this.#published(from, freshSupplies);
    const session = toHex(envelope?.sessionId ?? new Uint8Array(0));
    if (!isShareKind(envelope?.kind) || envelope?.content?.$case !== 'open') return;
    this.#released.contribution(from, session, 'a share');
    this.#claim.share(from, session);
    this.#ended.share(from, session);
    this.#apart.share(from, session);
    const isBySession = (this.#attempts.of(session)?.nodes.length ?? 0) > 0;
    if (isBySession) this.#order.shares(from, session);
    const uses = isBySession ? this.#sessionShares : this.#singleUse;
    if (uses.share(from, session, envelope.content.value.body)) this.#counts.shares++;
  }
}
