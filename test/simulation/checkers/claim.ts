import { toHex, type NodeId } from '../../../src/common/index.js';
import type { Entry } from '../../../src/ports/index.js';
import { Command, decode } from '../../../src/wire/index.js';
import type { Request, Upkeep } from '../../../src/wire/index.js';
import type { Attempts, KnownAttempt, Naming } from './attempts.js';
import { short, type Facts, type Report } from './facts.js';
import type { GenesisRules } from './genesis-rules.js';
import type { AskedCall } from './watcher.js';

type KnownRequest = {
  readonly index: number;
  /** Of the entry, as `short` gives it. */
  readonly hash: string;
  /** Of method and bytes, in hex. */
  readonly content: string;
  readonly expireMs: number;
};

/**
 * The claim of `docs/threats.md`: an honest node contributes only to what stands in its own log, asked for in a request that
 * an honest node took from the requester itself, or for which a malicious one vouches (which it may, as long as requests
 * need not be signed); and gives no share after that request's life, by its own clock.
 */
export class Claim {
  readonly #facts: Facts;
  readonly #attempts: Attempts;
  readonly #naming: Naming;
  readonly #genesisRules: GenesisRules;
  readonly #report: Report;
  /** What clients really asked of whom. */
  readonly #asked = new Set<string>();
  readonly #read = new Set<string>();
  /** By task: the request entries with somebody's true word. */
  readonly #requests = new Map<string, KnownRequest[]>();

  constructor(
    facts: Facts,
    attempts: Attempts,
    naming: Naming,
    genesisRules: GenesisRules,
    report: Report,
  ) {
    this.#facts = facts;
    this.#attempts = attempts;
    this.#naming = naming;
    this.#genesisRules = genesisRules;
    this.#report = report;
  }

  asked(node: NodeId, { method, request, requester }: AskedCall): void {
    this.#asked.add(`${node} ${requester} ${method} ${toHex(request)}`);
  }

  /** Reads an entry that is on an honest node's disk. */
  read(entry: Entry): void {
    const hash = short(entry.hash);
    if (entry.kind !== 'command' || this.#read.has(hash)) return;
    this.#read.add(hash);
    const command = decode(Command, entry.payload)?.command;
    if (command?.$case === 'upkeep') this.#ownTask(entry, hash, command.value);
    if (command?.$case !== 'request') return;
    const { method, request } = command.value;
    const word = this.#wordFor(command.value);
    if (word === undefined) return;
    const requestId = this.#naming.requestIdOf(method, request);
    const task = this.#naming.taskOf(word.requester, requestId ?? '');
    const known: KnownRequest = {
      index: entry.index,
      hash,
      content: toHex(this.#genesisRules.requestHash(method, request)),
      expireMs: Number(word.expireTimeMs),
    };
    this.#requests.set(task, [...(this.#requests.get(task) ?? []), known]);
  }

  /** The true word for a request: its requester's own signature, or that of a member which was asked. */
  #wordFor(
    asked: Request,
  ): { readonly requester: string; readonly expireTimeMs: bigint } | undefined {
    const { method, request, authorization } = asked;
    const by = authorization?.by;
    if (by?.$case === 'signed') {
      const requester = this.#genesisRules.signerOf?.(asked);
      return requester === undefined
        ? undefined
        : { requester, expireTimeMs: by.value.expireTimeMs };
    }
    const node = this.#genesisRules.voucherOf(asked);
    if (by?.$case !== 'voucher' || node === undefined) return undefined;
    const { spiffeId: requester, expireTimeMs } = by.value;
    const isHonest = this.#facts.nodes.includes(node);
    if (isHonest && !this.#asked.has(`${node} ${requester} ${method} ${toHex(request)}`)) {
      this.#report('Claim', `${node} vouches for a request that nobody made to it`);
      return undefined;
    }
    return { requester, expireTimeMs };
  }

  /** A task that the cluster asks of itself: no requester names it, and nobody has to vouch. It signs nothing. */
  #ownTask({ index, hash: name }: Entry, hash: string, { method, request }: Upkeep): void {
    const task = this.#naming.taskOf('', toHex(name));
    const content = toHex(this.#genesisRules.requestHash(method, request));
    this.#requests.set(task, [{ index, hash, content, expireMs: 0 }]);
  }

  /** `node` sends a signature share of `session`. */
  share(node: NodeId, session: string): void {
    const attempt = this.#attempts.of(session);
    const requests = attempt === undefined ? [] : this.#basis(node, attempt);
    if (requests.length === 0) {
      this.#report('Claim', `${node} gives a share of ${session}, for which nobody vouches`);
      return;
    }
    const clock = this.#facts.clock(node);
    if (requests.every(({ expireMs }) => clock >= expireMs)) {
      this.#report('Claim', `${node} gives a share of ${session} at ${clock}, after its life`);
    }
  }

  /** `node` sends a message of a session. */
  speaks(node: NodeId, session: string): void {
    const attempt = this.#attempts.of(session);
    if (attempt === undefined || this.#basis(node, attempt).length === 0) {
      this.#report('Claim', `${node} speaks in ${session}, for which nobody vouches`);
    }
  }

  /** The requests in the node's own log that `attempt` can rest on. */
  #basis(node: NodeId, attempt: KnownAttempt): readonly KnownRequest[] {
    const { entries } = this.#facts.disk(node);
    return (this.#requests.get(attempt.task) ?? []).filter(({ index, hash, content }) => {
      const entry = entries[index - 1];
      const isThere = entry !== undefined && short(entry.hash) === hash;
      return isThere && index <= attempt.index && content === attempt.content;
    });
  }
}
