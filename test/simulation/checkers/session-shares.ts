import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';

/** What a share says that it is made of: a name of the presignature, and of the nonce in it. */
export type MadeOf = { readonly presignature: string; readonly nonce: string };

/** Reads the share of a session of `signers` signers. */
export type ReadShare = (body: Uint8Array, signers: number) => MadeOf | undefined;

/**
 * M1 where signers sign in sessions: shares of one presignature are of one session, whichever node gives them; no nonce is in two
 * presignatures, and all shares of a session are of one.
 */
export class SessionShares {
  readonly #attempts: Attempts;
  readonly #read: ReadShare;
  readonly #report: Report;
  /** By node and session. */
  readonly #shares = new Map<string, string>();
  /** By presignature, by nonce, and by session. */
  readonly #used = new Map<string, string>();

  constructor(attempts: Attempts, read: ReadShare, report: Report) {
    this.#attempts = attempts;
    this.#read = read;
    this.#report = report;
  }

  /** Gives whether it is the first time that `node` sends its share of `session`. */
  share(node: NodeId, session: string, body: Uint8Array): boolean {
    const nodes = this.#attempts.of(session)?.nodes ?? [];
    const made = this.#read(body, nodes.length);
    if (made === undefined || !nodes.includes(node)) {
      this.#report('SingleUse', `${node} sends a share of ${session} that cannot be read`);
      return false;
    }
    const { presignature, nonce } = made;
    this.#fix(presignature, session, `${node} uses presignature ${presignature}`);
    this.#fix(nonce, presignature, `nonce ${nonce} is`);
    this.#fix(session, presignature, `the shares of ${session} are`);
    const name = `${node} ${session}`;
    const before = this.#shares.get(name);
    if (before !== undefined && before !== toHex(body)) {
      this.#report('SingleUse', `${node} sends two different shares of ${session}`);
    }
    this.#shares.set(name, toHex(body));
    return before === undefined;
  }

  #fix(name: string, value: string, what: string): void {
    const before = this.#used.get(name) ?? value;
    this.#used.set(name, before);
    if (before !== value) this.#report('SingleUse', `${what} in ${before} and ${value}`);
  }
}
