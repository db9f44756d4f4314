import type { NodeId } from '../../../src/common/index.js';
import type { RaftMessage } from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Report } from './facts.js';

/** The line of a node that knows that it has lost a part of its log. */
const LINE = 'This node has lost a part of its log';

/** A node that is proved to have lost a part of its log promises nothing any more, in that run. */
export class LostLogs {
  readonly #lost = new Set<NodeId>();
  readonly #counts: Counts;
  readonly #report: Report;

  constructor(counts: Counts, report: Report) {
    this.#counts = counts;
    this.#report = report;
  }

  restarted(node: NodeId): void {
    this.#lost.delete(node);
  }

  alarm(node: NodeId, line: string): void {
    if (line !== LINE) return;
    this.#counts.lostLogs++;
    this.#lost.add(node);
  }

  sent(from: NodeId, { message }: RaftMessage): void {
    if (this.#lost.has(from) && isPromise(message))
      this.#report('LostLog', `${from} has lost a part of its log, and sends ${message?.$case}`);
  }
}

function isPromise(message: RaftMessage['message']): boolean {
  if (message?.$case === 'voteReply') return message.value.granted;
  return message !== undefined && PROMISES.has(message.$case);
}

const PROMISES: ReadonlySet<string> = new Set<NonNullable<RaftMessage['message']>['$case']>([
  'voteRequest',
  'append',
  'appendReply',
  'acknowledgement',
  'vote',
  'checkpointSignature',
]);
