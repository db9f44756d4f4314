import { compareText, type ClusterId } from '../../../src/common/index.js';
import { voucherBytes } from '../../../src/identity/index.js';
import type { Signer } from '../../../src/ports/index.js';
import { encodeCommand, suppliesOf } from '../../../src/state/index.js';
import type { Command } from '../../../src/wire/index.js';
import type { Attempt, BootedNode, Supply, Request } from '../../../src/wire/index.js';
import { partOf, withPart } from '../builders/ledger.js';

/** The payload of an entry. */
export function payloadOf(command: NonNullable<Command['command']>): Uint8Array {
  return encodeCommand(command);
}

export type Vouched = {
  readonly clusterId: ClusterId;
  readonly method: string;
  readonly request: Uint8Array;
  /** SPIFFE id. */
  readonly requester: string;
  readonly expireTimeMs: number;
};

/** A request for which `signer` vouches: true of an honest entry node, and anything of a malicious one. */
export function vouch(signer: Signer, asked: Vouched): Request {
  const { clusterId, method, request, requester, expireTimeMs } = asked;
  const bytes = voucherBytes(clusterId, method, requester, expireTimeMs, request);
  const value = {
    nodeId: signer.node,
    spiffeId: requester,
    expireTimeMs: BigInt(expireTimeMs),
    signature: signer.sign(bytes),
  };
  const authorization = { by: { $case: 'voucher', value } } as const;
  return { method, request, authorization, firstAttempt: undefined };
}

/** One of an array's bytes with another value. */
export function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** What is wrong with a forged request: each change makes honest nodes refuse it, whoever leads. */
export const WRONG_REQUESTS: Readonly<Record<string, (request: Request) => Request>> = {
  'no authority': (request) => ({ ...request, authorization: undefined }),
  'other bytes': (request) => ({ ...request, request: flipped(request.request, 3) }),
  'another method': (request) => ({ ...request, method: `${request.method}x` }),
  'a broken voucher': (request) =>
    withVoucher(request, (voucher) => ({ ...voucher, signature: flipped(voucher.signature) })),
  'a voucher of another node': (request) =>
    withVoucher(request, (voucher) => ({ ...voucher, nodeId: `${voucher.nodeId}x` })),
  'another requester': (request) =>
    withVoucher(request, (voucher) => ({ ...voucher, spiffeId: 'spiffe://quorate/app/thief' })),
  'a longer life': (request) =>
    withVoucher(request, (voucher) => ({
      ...voucher,
      expireTimeMs: voucher.expireTimeMs + 60_000n,
    })),
};

type Voucher = Extract<
  NonNullable<NonNullable<Request['authorization']>['by']>,
  { readonly $case: 'voucher' }
>['value'];

function withVoucher(request: Request, change: (voucher: Voucher) => Voucher): Request {
  const by = request.authorization?.by;
  if (by?.$case !== 'voucher') return { ...request, authorization: undefined };
  return {
    ...request,
    authorization: { by: { $case: 'voucher', value: change(by.value) } },
  };
}

/** What an attempt is for: a task's record says both. */
export type AttemptedTask = { readonly taskId: string; readonly requestHash: Uint8Array };

/** An attempt of a Sign with these commitments. */
export function signAttempt(
  { taskId, requestHash }: AttemptedTask,
  number: number,
  key: { readonly version: number; readonly sessionId: Uint8Array },
  supplies: readonly Supply[],
): Attempt {
  const sorted = supplies.toSorted((a, b) => compareText(a.nodeId, b.nodeId));
  return {
    taskId,
    number,
    version: key.version,
    sharingSession: key.sessionId,
    requestHash,
    assignment: { $case: 'supplies', value: { supplies: sorted } },
    auxiliary: undefined,
    dealers: [],
  };
}

/** An attempt of a GenerateKey among `nodes`. */
export function generateAttempt(
  { taskId, requestHash }: AttemptedTask,
  number: number,
  nodes: readonly BootedNode[],
): Attempt {
  const sorted = nodes.toSorted((a, b) => compareText(a.nodeId, b.nodeId));
  return {
    taskId,
    number,
    version: 1,
    sharingSession: new Uint8Array(0),
    requestHash,
    assignment: { $case: 'boots', value: { nodes: sorted } },
    auxiliary: undefined,
    dealers: [],
  };
}

/**
 * What is wrong with a forged attempt. Some of these break a rule of the state and have no effect; the others must be
 * declined by the signers that they name.
 */
export const WRONG_ATTEMPTS: Readonly<Record<string, (attempt: Attempt) => Attempt>> = {
  'another task': (attempt) => ({ ...attempt, taskId: 'a'.repeat(26) }),
  'a number out of order': (attempt) => ({ ...attempt, number: attempt.number + 1 }),
  'another version': (attempt) => ({ ...attempt, version: attempt.version + 1 }),
  'another request': (attempt) => ({ ...attempt, requestHash: flipped(attempt.requestHash) }),
  'another sharing session': (attempt) => ({ ...attempt, sharingSession: new Uint8Array(32) }),
  'too few': (attempt) => withNodes(attempt, (nodes) => nodes.slice(1)),
  'too many': (attempt) =>
    withNodes(attempt, (nodes) => [...nodes, ...nodes.slice(-1).map((one) => named(one, 'zz'))]),
  'somebody twice': (attempt) =>
    withNodes(attempt, ([first, ...rest]) =>
      first === undefined ? [] : [first, first, ...rest.slice(1)],
    ),
  unsorted: (attempt) => withNodes(attempt, (nodes) => nodes.toReversed()),
  'a stranger': (attempt) =>
    withNodes(attempt, ([first, ...rest]) =>
      first === undefined ? [] : [...rest, named(first, 'stranger')],
    ),
  'other boots': (attempt) =>
    withNodes(attempt, (nodes) => nodes.map((one) => ({ ...one, boot: flipped(one.boot) }))),
  'other commitments': (attempt) =>
    withSupplies(attempt, (supplies) =>
      supplies.map((supply) => withPart(supply, 0, flipped(partOf(supply, 0), 31))),
    ),
  'commitments exchanged': (attempt) =>
    withSupplies(attempt, (supplies) =>
      supplies.map((supply, at) => {
        const { parts } = supplies[(at + 1) % supplies.length] ?? supply;
        return { ...supply, parts };
      }),
    ),
  'hiding for binding': (attempt) =>
    withSupplies(attempt, (supplies) =>
      supplies.map((supply) => ({ ...supply, parts: supply.parts.toReversed() })),
    ),
  'other counters': (attempt) =>
    withSupplies(attempt, (supplies) =>
      supplies.map((supply) => ({ ...supply, counter: supply.counter + 1n })),
    ),
  'points that are none': (attempt) =>
    withSupplies(attempt, (supplies) =>
      supplies.map((supply) => withPart(supply, 0, new Uint8Array(32).fill(255))),
    ),
};

function named<T extends BootedNode>(node: T, name: string): T {
  return { ...node, nodeId: name };
}

function withNodes(
  attempt: Attempt,
  change: <T extends BootedNode>(nodes: readonly T[]) => T[],
): Attempt {
  const { assignment } = attempt;
  switch (assignment?.$case) {
    case 'supplies': {
      const supplies = change(assignment.value.supplies);
      return { ...attempt, assignment: { $case: 'supplies', value: { supplies } } };
    }
    case 'boots': {
      const nodes = change(assignment.value.nodes);
      return { ...attempt, assignment: { $case: 'boots', value: { nodes } } };
    }
    case undefined:
      return attempt;
  }
}

function withSupplies(
  attempt: Attempt,
  change: (supplies: readonly Supply[]) => Supply[],
): Attempt {
  if (attempt.assignment?.$case !== 'supplies') return attempt;
  const supplies = change(suppliesOf(attempt));
  return { ...attempt, assignment: { $case: 'supplies', value: { supplies } } };
}
