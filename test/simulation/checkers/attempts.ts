import { toHex } from '../../../src/common/index.js';
import type { Entry } from '../../../src/ports/index.js';
import { requestHash as hashOfRequest } from '../../../src/identity/index.js';
import { METHODS } from '../../../src/state/index.js';
import { Attempt, Command, decode, SignRequest } from '../../../src/wire/index.js';
import type { Auxiliary, Supply } from '../../../src/wire/index.js';
import { short } from './facts.js';

/** What the entry of an attempt says, read here and not by the code under test. */
export type KnownAttempt = {
  readonly session: string;
  readonly task: string;
  readonly index: number;
  /** Of the entry, as `short` gives it. */
  readonly hash: string;
  readonly supplies: readonly Supply[];
  /** Whose runs it names: those that exchange messages in its session. None where each signer signs alone. */
  readonly nodes: readonly string[];
  /** The hash of the request that it names, in hex. */
  readonly content: string;
  /** Of the key: for a Sign the version, and the session that made it, that signs. */
  readonly version: number;
  readonly sharingSession: string;
  /** Those that deal, where a version is made of another. */
  readonly dealers: readonly string[];
  /** Made ahead, where it is to sign with one. */
  readonly presignature: Uint8Array | undefined;
  /** The set's material that its session rests on, where it needs any. */
  readonly material: Auxiliary | undefined;
};

/** How the cluster names sessions and tasks. */
export type Naming = {
  sessionOf(entryHash: Uint8Array): string;
  taskOf(requester: string, requestId: string): string;
  /** What a request says that its id is. */
  requestIdOf(method: string, request: Uint8Array): string | undefined;
};

/** Every attempt and every request that was ever in a log, by what names it. */
export class Attempts {
  readonly #naming: Naming;
  readonly #read = new Set<string>();
  readonly #attempts = new Map<string, KnownAttempt>();
  readonly #ofTask = new Map<string, KnownAttempt[]>();
  /** By task of a Sign, and the hash of its request: a malicious node may use an id twice. */
  readonly #keys = new Map<string, string>();
  /** By task: when each request entry for it expires, and where it stands. */
  readonly #requests = new Map<string, { readonly index: number; readonly expireMs: number }[]>();

  constructor(naming: Naming) {
    this.#naming = naming;
  }

  /** Reads an entry that is on some disk. */
  read(entry: Entry): void {
    const hash = short(entry.hash);
    if (entry.kind !== 'command' || this.#read.has(hash)) return;
    this.#read.add(hash);
    const command = decode(Command, entry.payload)?.command;
    if (command?.$case === 'attempt') this.#attempt(entry, hash, command.value);
    if (command?.$case !== 'request') return;
    const { method, request, authorization, firstAttempt } = command.value;
    if (authorization?.by?.$case !== 'voucher') return;
    const { spiffeId, expireTimeMs } = authorization.by.value;
    const requestId = this.#naming.requestIdOf(method, request);
    const task = this.#naming.taskOf(spiffeId, requestId ?? '');
    if (method === METHODS.sign) {
      const content = toHex(hashOfRequest(method, request));
      this.#keys.set(`${task} ${content}`, decode(SignRequest, request)?.keyId ?? '');
    }
    const known = this.#requests.get(task) ?? [];
    this.#requests.set(task, [...known, { index: entry.index, expireMs: Number(expireTimeMs) }]);
    if (firstAttempt !== undefined) this.#attempt(entry, hash, { ...firstAttempt, taskId: task });
  }

  of(session: string): KnownAttempt | undefined {
    return this.#attempts.get(session);
  }

  /** All of a task, of whichever log. */
  ofTask(task: string): readonly KnownAttempt[] {
    return this.#ofTask.get(task) ?? [];
  }

  /** The latest expiry that any request for `task` at or before `index` gave it. */
  expiryOf(task: string, index: number): number | undefined {
    const before = this.#requests.get(task)?.filter((each) => each.index <= index);
    return before?.length ? Math.max(...before.map(({ expireMs }) => expireMs)) : undefined;
  }

  /** The key that an attempt signs with; `undefined` for an attempt at anything else. */
  keyOf({ task, content }: KnownAttempt): string | undefined {
    return this.#keys.get(`${task} ${content}`);
  }

  #attempt(entry: Entry, hash: string, attempt: Attempt): void {
    const { taskId, assignment, requestHash, version, dealers } = attempt;
    const session = this.#naming.sessionOf(entry.hash);
    const supplies = assignment?.$case === 'supplies' ? assignment.value.supplies : [];
    const nodes =
      assignment !== undefined && 'nodes' in assignment.value ? assignment.value.nodes : [];
    const named = nodes.map(({ nodeId }) => nodeId);
    const { index } = entry;
    const content = toHex(requestHash);
    const sharingSession = toHex(attempt.sharingSession);
    const of = { session, task: taskId, index, hash, supplies, nodes: named, content };
    const { presignature, auxiliary: material } = attempt;
    const known = { ...of, version, sharingSession, dealers, presignature, material };
    this.#attempts.set(session, known);
    this.#ofTask.set(taskId, [...this.ofTask(taskId), known]);
  }
}
