import type { Millis, NodeId } from '../../../common/index.js';
import { nodeId } from '../../../common/index.js';
import type { FailureCount, FailureRecords } from '../../../keys/index.js';
import type { ActiveKey } from '../../../state/index.js';
import type { TaskContext } from '../../context.js';
import {
  ONE_AT_A_TIME_FAILURES,
  SESSIONS_END_FAILURES,
  SILENT_FAILURES_MAX,
} from '../../limits.js';

/** The sessions that a node still takes part in with a version of a key, or with another node. */
export type FailureStanding = 'free' | 'one-at-a-time' | 'ended';

/** A version of a key whose sessions fail, or a node that is silent when failed sessions are looked into. */
export type FailureSubject =
  | { readonly kind: 'version'; readonly keyId: string; readonly version: number }
  | { readonly kind: 'node'; readonly nodeId: string };

/** A count of failures as this node keeps it, and what follows of it. */
export type SessionFailureCount = Pick<FailureCount, 'count' | 'sinceMs'> & {
  readonly subject: FailureSubject;
  readonly standing: FailureStanding;
};

type VersionedKey = Pick<ActiveKey, 'keyId' | 'version'>;

/**
 * This node's count of sessions that failed and showed no culprit, by key and version. Who can make sessions fail, again and again,
 * may learn from each a little of a secret: so a version signs less after some, and not at all after many, until it is shared anew or
 * an operator clears the count here. Beside them, and for themselves alone, the sessions that failed because a node was silent when all
 * had to show what they had done.
 */
export class SessionFailures {
  readonly #records: FailureRecords;
  readonly #context: Pick<TaskContext, 'clock' | 'logger' | 'alarms' | 'self'>;
  /** Sessions that go on here or wait for their turn, by the set that their key belongs to. */
  readonly #running = new Map<string, number>();

  constructor(
    records: FailureRecords,
    context: Pick<TaskContext, 'clock' | 'logger' | 'alarms' | 'self'>,
  ) {
    this.#records = records;
    this.#context = context;
  }

  /** Reads the counts of earlier runs of this node. @throws {ShareStoreError} `unavailable`: no session is begun then. */
  load(): Promise<void> {
    return this.#records.load();
  }

  /** A session of this version failed and showed no culprit. */
  failed({ keyId, version }: VersionedKey): void {
    this.#count({ kind: 'version', keyId, version });
  }

  /** A node did not show in time what it had done in a session that failed. */
  silent(node: NodeId): void {
    this.#count({ kind: 'node', nodeId: node });
  }

  standing({ keyId, version }: VersionedKey): FailureStanding {
    return this.#standing({ kind: 'version', keyId, version });
  }

  /** Counts a session of a set that goes on here. @returns Ends it; called once. */
  begin(set: string): () => void {
    this.#running.set(set, (this.#running.get(set) ?? 0) + 1);
    return () => {
      const left = (this.#running.get(set) ?? 1) - 1;
      if (left > 0) this.#running.set(set, left);
      else this.#running.delete(set);
    };
  }

  /** Claims that this version signs in one session at a time by now, and that one of its set goes on here. */
  isCrowded(key: VersionedKey, set: string): boolean {
    return this.standing(key) === 'one-at-a-time' && (this.#running.get(set) ?? 0) > 0;
  }

  /** Claims that a node was silent since an operator last cleared it: others are to sign where they are enough. */
  wasSilent(node: string): boolean {
    return this.#records.of(nameOf({ kind: 'node', nodeId: node })) !== undefined;
  }

  /** Claims that this node takes part in no session with another one. */
  refuses(node: string): boolean {
    return this.#standing({ kind: 'node', nodeId: node }) === 'ended';
  }

  /** All counts, those with the most failures first. */
  all(): readonly SessionFailureCount[] {
    return this.#records.all().flatMap(({ subject: name, count, sinceMs }) => {
      const subject = subjectOf(name);
      if (subject === undefined) return [];
      return [{ subject, count, sinceMs, standing: this.#standing(subject) }];
    });
  }

  /**
   * Forgets the failures of a subject, at an operator's word.
   *
   * @param sinceMs - Names the count: another one stays.
   * @returns The failures that were forgotten; `undefined` where there is no such count.
   * @throws {ShareStoreError} `unavailable`.
   */
  async clear(subject: FailureSubject, sinceMs: Millis): Promise<number | undefined> {
    await this.#records.load();
    const counted = this.#records.of(nameOf(subject));
    if (counted?.sinceMs !== sinceMs) return undefined;
    await this.#records.clear(counted.subject);
    this.#context.logger.warn('an operator cleared failures of sessions', {
      subject: counted.subject,
      failures: counted.count,
    });
    return counted.count;
  }

  #standing(subject: FailureSubject): FailureStanding {
    const count = this.#records.of(nameOf(subject))?.count ?? 0;
    if (subject.kind === 'node') return count >= SILENT_FAILURES_MAX ? 'ended' : 'free';
    if (count >= SESSIONS_END_FAILURES) return 'ended';
    return count >= ONE_AT_A_TIME_FAILURES ? 'one-at-a-time' : 'free';
  }

  /** Counts at once; the record follows. */
  #count(subject: FailureSubject): void {
    const { clock, logger } = this.#context;
    const before = this.#standing(subject);
    this.#records.add(nameOf(subject), clock.now()).catch((error: unknown) => {
      logger.error('a failed session was not recorded', { error: String(error) });
    });
    const after = this.#standing(subject);
    if (after !== before) this.#tell(subject, after);
  }

  #tell(subject: FailureSubject, standing: FailureStanding): void {
    const { alarms, self } = this.#context;
    if (subject.kind === 'node') {
      alarms.raise('this node signs with a silent node no more', nodeId(subject.nodeId));
      return;
    }
    const { keyId, version } = subject;
    const isOver = standing === 'ended';
    alarms.raise(
      isOver
        ? 'a version of a key failed too often to be signed with'
        : 'a version of a key signs in one session at a time',
      self.id,
      { key: keyId, version },
    );
  }
}

function nameOf(subject: FailureSubject): string {
  return subject.kind === 'node'
    ? `node ${subject.nodeId}`
    : `version ${subject.keyId} ${subject.version}`;
}

function subjectOf(name: string): FailureSubject | undefined {
  const [kind, id = '', version] = name.split(' ');
  if (kind === 'node') return { kind, nodeId: id };
  return kind === 'version' ? { kind, keyId: id, version: Number(version) } : undefined;
}
