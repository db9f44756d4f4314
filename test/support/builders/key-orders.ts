import { METHODS } from '../../../src/state/index.js';
import {
  DestroyKeyRequest,
  encode,
  RestoreKeyRequest,
  RetireKeyRequest,
} from '../../../src/wire/index.js';
import type { Request } from '../../../src/wire/index.js';
import { GENESIS_MS, Ledger, testGenesis } from './ledger.js';
import type { AppliedEntry } from './ledger.js';
import { RequesterAuthority } from './requester.js';
import type { Requester } from './requester.js';

type Order = Partial<{
  readonly by: Requester;
  readonly requestId: string;
  readonly seconds: number;
}>;

/** Requests about the life of keys, each signed by its requester, and a ledger that takes them. */
export class KeyOrders {
  readonly #authority: RequesterAuthority;
  readonly operator: Requester;
  /** The requester `APP`. */
  readonly owner: Requester;
  /** Another app. */
  readonly stranger: Requester;
  #count = 0;

  private constructor(authority: RequesterAuthority, requesters: readonly Requester[]) {
    this.#authority = authority;
    const [operator, owner, stranger] = requesters;
    if (operator === undefined || owner === undefined || stranger === undefined)
      throw new Error('three requesters are needed');
    this.operator = operator;
    this.owner = owner;
    this.stranger = stranger;
  }

  static async create(): Promise<KeyOrders> {
    const authority = await RequesterAuthority.create(GENESIS_MS);
    const requesters = await Promise.all([
      authority.requester('operator', 'alice', 300),
      authority.requester('app', 'payments', 300),
      authority.requester('app', 'stranger', 300),
    ]);
    return new KeyOrders(authority, requesters);
  }

  ledger(more: Parameters<typeof testGenesis>[0] = {}): Ledger {
    return new Ledger(
      testGenesis({ requesterCa: this.#authority.credential.certificate, ...more }),
    );
  }

  retire(ledger: Ledger, keyId: string, { seconds, ...order }: Order = {}): Request {
    const requestId = order.requestId ?? `retire-${++this.#count}`;
    const recoveryWindow =
      seconds === undefined ? undefined : { seconds: BigInt(seconds), nanos: 0 };
    const request = encode(RetireKeyRequest, { requestId, keyId, recoveryWindow });
    return this.signed(ledger, METHODS.retireKey, request, order.by);
  }

  restore(ledger: Ledger, keyId: string, order: Order = {}): Request {
    const requestId = order.requestId ?? `restore-${++this.#count}`;
    const request = encode(RestoreKeyRequest, { requestId, keyId });
    return this.signed(ledger, METHODS.restoreKey, request, order.by);
  }

  destroy(ledger: Ledger, keyId: string, order: Order = {}): Request {
    const requestId = order.requestId ?? `destroy-${++this.#count}`;
    const request = encode(DestroyKeyRequest, { requestId, keyId, confirmKeyId: keyId });
    return this.signed(ledger, METHODS.destroyKey, request, order.by);
  }

  signed(ledger: Ledger, method: string, request: Uint8Array, by = this.operator): Request {
    const { clusterId } = ledger.rules.genesis;
    const expireTimeMs = ledger.timeMs + 60_000;
    const value = by.sign({ clusterId, method, expireTimeMs, request });
    const authorization = { by: { $case: 'signed', value } } as const;
    return { method, request, authorization, firstAttempt: undefined };
  }
}

/** Has the ledger apply a request. */
export function apply(ledger: Ledger, request: Request, level = 3): AppliedEntry {
  return ledger.command({ $case: 'request', value: request }, level);
}

/** `opened`, `known`, or why the request was refused. */
export function decided({ decision }: AppliedEntry): string | undefined {
  return decision?.result.kind === 'refused'
    ? decision.result.refusal.reason
    : decision?.result.kind;
}
