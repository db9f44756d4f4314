import { toHex, type NodeId } from '../../../src/common/index.js';
import { presignatureReadyBytes } from '../../../src/identity/index.js';
import type { Entry } from '../../../src/ports/index.js';
import { Command, decode, PresignatureMade, type Envelope } from '../../../src/wire/index.js';
import type { Counts } from '../counts.js';
import type { Attempts } from './attempts.js';
import { short, type Report } from './facts.js';

const READY = 'gg20-presign/ready';
const ACCEPT = 'gg20-online/accept';
const PRESIGNATURE_BYTES = 32;

/**
 * Presignatures that are made ahead: a signer uses one only for an attempt that names it, when an entry before that, in the signer's own
 * log, has told that all signers have it, and every one of them has said READY of it. What is used in its session is looked at by
 * `SessionShares`, and what is said there before by `SessionOrder`.
 */
export class PooledPresignatures {
  readonly #attempts: Attempts;
  readonly #honest: readonly string[];
  readonly #counts: Counts;
  readonly #report: Report;
  /** By the body of READY: who has said it. */
  readonly #ready = new Map<string, Set<string>>();
  /** By the hash of its entry: the presignature that it tells of. */
  readonly #read = new Map<string, string | undefined>();
  /** By node: the presignatures that its log tells of, and where. */
  readonly #told = new Map<NodeId, Map<string, number>>();
  readonly #known = new Set<string>();
  /** By node and session. */
  readonly #accepted = new Set<string>();
  readonly #used = new Set<string>();

  constructor(attempts: Attempts, honest: readonly NodeId[], counts: Counts, report: Report) {
    this.#attempts = attempts;
    this.#honest = honest;
    this.#counts = counts;
    this.#report = report;
  }

  /** `node`'s disk now has `entries` in its log, and from `truncateFrom` on none of those before. */
  persisted(node: NodeId, entries: readonly Entry[], truncateFrom: number | undefined): void {
    const told = this.#told.get(node) ?? new Map<string, number>();
    this.#told.set(node, told);
    if (truncateFrom !== undefined) {
      for (const [id, index] of told) if (index >= truncateFrom) told.delete(id);
    }
    for (const entry of entries) {
      const hash = short(entry.hash);
      const id = this.#read.has(hash) ? this.#read.get(hash) : presignatureIn(entry);
      this.#read.set(hash, id);
      if (id === undefined) continue;
      if (!told.has(id)) told.set(id, entry.index);
      if (!this.#known.has(id)) this.#counts.presignatures++;
      this.#known.add(id);
    }
  }

  /** `node` sends a message of a session. */
  says(node: NodeId, { sessionId, kind, content }: Envelope): void {
    if (content?.$case !== 'open') return;
    if (kind === READY) {
      const name = toHex(content.value.body);
      this.#ready.set(name, (this.#ready.get(name) ?? new Set()).add(node));
    }
    if (kind === ACCEPT) this.#accepts(node, toHex(sessionId));
  }

  #accepts(node: NodeId, session: string): void {
    const name = `${node} ${session}`;
    if (this.#accepted.has(name)) return;
    this.#accepted.add(name);
    const attempt = this.#attempts.of(session);
    const id = attempt?.presignature;
    if (attempt === undefined || id === undefined) {
      this.#report('PooledPresignatures', `${node} accepts in ${session}, without a presignature`);
      return;
    }
    if (!this.#used.has(session)) this.#counts.presignaturesUsed++;
    this.#used.add(session);
    const told = this.#told.get(node)?.get(toHex(id));
    if (told === undefined || told >= attempt.index) {
      const what = `uses a presignature in ${session} that its log has not told of before`;
      this.#report('PooledPresignatures', `${node} ${what}`);
    }
    const ready = this.#ready.get(toHex(presignatureReadyBytes(id)));
    const missing = attempt.nodes.filter(
      (each) => this.#honest.includes(each) && ready?.has(each) !== true,
    );
    if (missing.length === 0) return;
    const what = `uses a presignature in ${session}, and ${missing.join(', ')} is not ready`;
    this.#report('PooledPresignatures', `${node} ${what}`);
  }
}

/** The presignature that an entry tells of, in hex. */
function presignatureIn({ kind, payload }: Entry): string | undefined {
  const command = kind === 'command' ? decode(Command, payload)?.command : undefined;
  const made =
    command?.$case === 'done' ? decode(PresignatureMade, command.value.material) : undefined;
  return made?.presignature.length === PRESIGNATURE_BYTES ? toHex(made.presignature) : undefined;
}
