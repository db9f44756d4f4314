import { toHex, type NodeId } from '../../../src/common/index.js';
import { sha256 } from '../../../src/crypto/index.js';
import { SESSION_SHARE_KIND } from '../../../src/gg20/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import type { Attempts } from './attempts.js';
import type { Report } from './facts.js';

type Order = Readonly<Record<string, readonly string[]>>;

/** By the last word of a kind: what every other participant must have said before. Echoes answer what all have said. */
const PRESIGN: Order = {
  'nonce-echo': ['nonce'],
  answer: ['nonce'],
  sums: ['answer', 'nonce-echo'],
  'sums-echo': ['sums'],
  gamma: ['sums'],
  'gamma-echo': ['gamma'],
  rb: ['gamma', 'sums-echo'],
  'rb-echo': ['rb'],
  // What depends on the key waits for all echoes.
  s: ['rb', 'rb-echo', 'gamma-echo', 'sums-echo', 'nonce-echo'],
  's-echo': ['s'],
  ready: ['s'],
};

/** What must have been said by all others before, by the protocol's name and the kind. */
const ORDERS: Readonly<Record<string, Order>> = {
  'gg20-sign': PRESIGN,
  'gg20-presign': PRESIGN,
  prepare: {
    'commit-echo': ['commit'],
    open: ['commit'],
    parameters: ['commit', 'commit-echo'],
    'open-echo': ['open'],
    'parameters-echo': ['parameters'],
    prove: ['open', 'parameters', 'commit-echo', 'open-echo', 'parameters-echo'],
    'prove-echo': ['prove'],
  },
  keygen: { open: ['commit'], value: ['open'] },
  reshare: { open: ['commit'], value: ['open'] },
};

/** Protocols in which not all participants speak. Those that deal a version do. */
const BY_DEALERS: ReadonlySet<string> = new Set(['reshare']);

/** What every signer of a session must have said before a share of it leaves, by how the session signs. */
const BEFORE_SHARE: Readonly<Record<string, readonly string[]>> = {
  'gg20-sign': ['gg20-sign/ready', 'gg20-sign/s-echo'],
  'gg20-online': ['gg20-online/accept'],
};

/**
 * The order of a protocol's messages: no honest participant says a word before all other honest ones have said what that word waits
 * for. An echo that is not awaited shows here, and a share that leaves before everybody has said READY or ACCEPT.
 */
export class SessionOrder {
  /** By session and kind: who has said it. */
  readonly #said = new Map<string, Set<string>>();
  /** By node, session, kind and receiver: the hash of what was said. */
  readonly #bodies = new Map<string, string>();
  readonly #attempts: Attempts;
  readonly #honest: readonly string[];
  readonly #report: Report;

  constructor(attempts: Attempts, honest: readonly NodeId[], report: Report) {
    this.#attempts = attempts;
    this.#honest = honest;
    this.#report = report;
  }

  /** `node` sends a message of a session. */
  says(node: NodeId, { sessionId, kind, to, content }: Envelope): void {
    const session = toHex(sessionId);
    if (content?.$case === 'open')
      this.#once(node, session, `${kind} to ${to}`, content.value.body);
    const name = `${session} ${kind}`;
    const said = this.#said.get(name) ?? new Set();
    this.#said.set(name, said);
    if (said.has(node)) return;
    said.add(node);
    const [protocol = '', word = ''] = kind.split('/');
    const before = ORDERS[protocol]?.[word] ?? [];
    this.#after(
      node,
      session,
      kind,
      before.map((each) => `${protocol}/${each}`),
    );
  }

  /** A message is sent again byte for byte, in whatever run of the process: two that differ are two sessions in one. */
  #once(node: NodeId, session: string, what: string, body: Uint8Array): void {
    const [protocol = ''] = what.split('/');
    if (!(protocol in ORDERS) && !(protocol in BEFORE_SHARE)) return;
    const name = `${node} ${session} ${what}`;
    const digest = toHex(sha256(body));
    const first = this.#bodies.get(name) ?? digest;
    this.#bodies.set(name, first);
    if (first !== digest) this.#report('SessionOrder', `${node} says two ${what} of ${session}`);
  }

  /** `node` sends its share of a session with messages. */
  shares(node: NodeId, session: string): void {
    const protocols = Object.keys(BEFORE_SHARE).filter((protocol) =>
      BEFORE_SHARE[protocol]?.some((kind) => this.#said.has(`${session} ${kind}`)),
    );
    const before = protocols.flatMap((protocol) => BEFORE_SHARE[protocol] ?? []);
    if (before.length === 0) {
      this.#report('SessionOrder', `${node} sends a share of ${session}, and nobody is ready`);
    }
    this.#after(node, session, SESSION_SHARE_KIND, before);
  }

  #after(node: NodeId, session: string, kind: string, before: readonly string[]): void {
    const attempt = this.#attempts.of(session);
    const byDealers = BY_DEALERS.has(kind.split('/')[0] ?? '');
    const nodes = (byDealers ? attempt?.dealers : attempt?.nodes) ?? [];
    const others = nodes.filter((each) => each !== node && this.#honest.includes(each));
    for (const each of before) {
      const missing = others.filter(
        (other) => this.#said.get(`${session} ${each}`)?.has(other) !== true,
      );
      if (missing.length === 0) continue;
      const what = `${kind} of ${session}, and ${missing.join(', ')} has not said ${each}`;
      this.#report('SessionOrder', `${node} says ${what}`);
    }
  }
}
