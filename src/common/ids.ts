/** Branded names: swapping two of them does not compile. */
type Brand<T, B extends string> = T & { readonly __brand: B };

/** The name of a node, as its certificate carries it. */
export type NodeId = Brand<string, 'NodeId'>;
/** The name of a key, chosen by its requester. */
export type KeyId = Brand<string, 'KeyId'>;
/** 26 lower-case base32 characters, made from requester and request id. */
export type TaskId = Brand<string, 'TaskId'>;
/** 64 hex characters: one attempt of one task among fixed participants. */
export type SessionId = Brand<string, 'SessionId'>;
/** 32 hex characters: the first half of the genesis' SHA-256. */
export type ClusterId = Brand<string, 'ClusterId'>;
/** 32 hex characters: one run of a node's process. */
export type Boot = Brand<string, 'Boot'>;

/** Of a {@link Boot}, where it travels as bytes. */
export const BOOT_BYTES = 16;

/** Milliseconds since 1970, or a duration of milliseconds. Always an integer. */
export type Millis = number;
export type Term = number;
/** Position in the log, from 1; 0 is "before the log". */
export type LogIndex = number;
/** Position among the participants, from 1. It is the Shamir index too. */
export type PartyIndex = number;

/** The form of ids of keys, requests and nodes. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** Claims that `text` has the form of a public id. */
export function isId(text: string): boolean {
  return ID_PATTERN.test(text);
}

/** Claims that `text` has the form of a task's id. */
export function isTaskId(text: string): boolean {
  return /^[a-z2-7]{26}$/.test(text);
}

/* The only places where a plain string becomes an id. Callers have checked it, or take it from a checked source. */
/* oxlint-disable typescript/no-unsafe-type-assertion */
export const nodeId = (text: string): NodeId => text as NodeId;
export const keyId = (text: string): KeyId => text as KeyId;
export const taskId = (text: string): TaskId => text as TaskId;
export const sessionId = (text: string): SessionId => text as SessionId;
export const clusterId = (text: string): ClusterId => text as ClusterId;
export const bootId = (text: string): Boot => text as Boot;
