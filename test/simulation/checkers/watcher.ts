import type { NodeId } from '../../../src/common/index.js';
import type { LogFields, Persist } from '../../../src/ports/index.js';
import type { RaftMessage, TaskMessageBody, TaskRecord } from '../../../src/wire/index.js';
import type { Status } from '../process.js';
import type { Report } from './facts.js';
import type { KeyKept } from './key-kept.js';
import type { Transfers } from './transfers.js';

/** What a client asks of a node. */
export type AskedCall = {
  readonly method: string;
  readonly request: Uint8Array;
  readonly requester: string;
};

/** Who is told what happens on the machines of honest nodes, and says when it must not. */
export interface Watcher {
  readonly report: Report;
  readonly keys: KeyKept;
  readonly transfers: Transfers;
  /** The newest leader that any honest node knows. */
  newestLeader(): NodeId | undefined;
  restarted(node: NodeId): void;
  /** Gives whether `node` has just become leader. */
  status(node: NodeId, status: Status): boolean;
  persisted(node: NodeId, batch: Persist): void;
  shareKept(node: NodeId, key: string): void;
  shareErased(node: NodeId, key: string, session: string): void;
  /** How long whatever is to follow by itself may take, once all has settled; 0 where nothing is to follow. */
  followsInMs(): number;
  /** All has settled, and that time has passed. */
  concluded(): void;
  sentRaft(from: NodeId, message: RaftMessage): void;
  sentTaskMessage(from: NodeId, message: TaskMessageBody): void;
  alarm(node: NodeId, message: string, fields: LogFields): void;
  /** `node` has written one of `REMARKS` to its log. */
  remarked(node: NodeId, remark: string, fields: LogFields): void;
  /** A client gives `node` a request. */
  asked(node: NodeId, call: AskedCall): void;
  /** `node` gives a client a task with its outcome. */
  acknowledged(node: NodeId, task: TaskRecord): void;
}
