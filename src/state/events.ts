import type { AlarmKind } from '../alarms/index.js';
import type { KeyId, NodeId, Refusal, SessionId, TaskId } from '../common/index.js';
import type { RevocationName } from '../identity/index.js';
import type { KeyStage } from './keys.js';
import type { Supply } from '../wire/index.js';

/** The result of one request entry, for the node that waits for it. Not stored. */
export type AppliedDecision = {
  /** Hex of the hash over method, request and authorization: which copy of the request this answers. */
  readonly hash: string;
  /** Full name of the method. */
  readonly method: string;
  /** SPIFFE id; absent where the authority of the request itself is refused. */
  readonly requester: string | undefined;
  /** The node whose voucher stands for the requester's signature, where one does. */
  readonly vouchedBy?: string | undefined;
  /** As the request says; absent where it names none, or cannot be read. */
  readonly keyId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly result:
    | { readonly kind: 'opened' | 'known'; readonly task: TaskId }
    | { readonly kind: 'refused'; readonly refusal: Refusal };
};

/**
 * One thing that an entry did, with the node or requester that it is of, and the reason: what tasks act on, and what a record, a
 * counter or a watcher can be made of. Events are no part of the state, and hold no secret.
 */
export type StateEvent =
  | ({ readonly type: 'request-decided' } & AppliedDecision)
  /** A task that the cluster asks of itself. */
  | { readonly type: 'upkeep-opened'; readonly task: TaskId; readonly kind: string }
  | {
      readonly type: 'attempt-opened';
      readonly task: TaskId;
      readonly number: number;
      readonly session: SessionId;
      /** Asked to contribute. */
      readonly nodes: readonly string[];
    }
  /** Commitments that the entry names, valid or not: pools and holders forget them. */
  | { readonly type: 'supplies-named'; readonly supplies: readonly Supply[] }
  /** The presignature that the entry names, by its id, valid or not: pools and holders forget it. */
  | { readonly type: 'presignature-named'; readonly presignature: Uint8Array }
  /** A participant's share of a new sharing is durable, by its signed word. */
  | {
      readonly type: 'ready-said';
      readonly task: TaskId;
      readonly key: KeyId;
      readonly node: NodeId;
      readonly session: SessionId;
    }
  /** A member's own auxiliary material is durable, and all others' is right, by its signed word. */
  | {
      readonly type: 'prepared-said';
      readonly task: TaskId;
      readonly node: NodeId;
      readonly session: SessionId;
    }
  | {
      readonly type: 'generation-activated';
      /** The set's id: 32 hex characters. */
      readonly set: string;
      readonly generation: number;
      readonly task: TaskId;
    }
  | {
      readonly type: 'key-activated';
      readonly key: KeyId;
      readonly version: number;
      readonly task: TaskId;
    }
  /** A participant's own log has activated the version and its share reads back, by its signed word. */
  | {
      readonly type: 'installed-said';
      readonly key: KeyId;
      readonly version: number;
      readonly node: NodeId;
    }
  /** A node holds no share of a key any more, by its signed word. */
  | { readonly type: 'destroyed-said'; readonly key: KeyId; readonly node: NodeId }
  /** A key was retired or restored, or goes further on its way to its end. */
  | { readonly type: 'key-stage-changed'; readonly key: KeyId; readonly stage: KeyStage }
  /** Certificates with this serial number or key count no more. */
  | { readonly type: 'certificate-revoked'; readonly name: RevocationName }
  | {
      readonly type: 'task-closed';
      readonly task: TaskId;
      /** The kind's name in the table of kinds. */
      readonly kind: string;
      /** SPIFFE id. */
      readonly requester: string;
      /** As the request named them; the key is absent where it named none. */
      readonly keyId: string | undefined;
      readonly requestId: string;
      /** Why there is no result; absent where there is one. */
      readonly failure: string | undefined;
    }
  /** A leader hands over because another voter does better, by what the voters have seen. */
  | { readonly type: 'leader-switch-recorded'; readonly from: NodeId; readonly to: NodeId }
  /** The state behind this entry is to be signed. */
  | { readonly type: 'checkpoint-asked' }
  /** An entry that no honest leader makes: it changes nothing but the clock, and a person should look. */
  | { readonly type: 'void-entry'; readonly why: AlarmKind };
