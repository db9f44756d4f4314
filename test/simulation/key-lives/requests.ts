import type { NodeId } from '../../../src/common/index.js';
import { taskIdOf } from '../../../src/identity/index.js';
import { METHODS } from '../../../src/state/index.js';
import {
  Algorithm,
  CancelTaskRequest,
  decode,
  DestroyKeyRequest,
  encode,
  Gg20Profile,
  ReshareKeyRequest,
  RestoreKeyRequest,
  RetireKeyRequest,
} from '../../../src/wire/index.js';
import type { FurtherRequests } from '../clients.js';
import { GG20_KEYS } from '../gg20/requests.js';
import { GG20_ALGORITHMS } from '../gg20/tables.js';
import { askForKey, FROST_KEYS, type Asked, type AskedKey, type KeyRequests } from '../requests.js';
import type { Rng } from '../rng.js';
import type { SimulatedOperator } from './operator.js';

const HOURLY = { seconds: 3_600n, nanos: 0 };
/** The least that there is. */
const WINDOW = { seconds: 60n, nanos: 0 };
/** Of the requests to reshare: how many name participants and threshold. */
const NAMED = 0.6;

/** What is asked for in keys' lives: how often each, in mean milliseconds, and how long a request lives. */
export type Pace = {
  readonly everyMs: Readonly<
    Record<'reshare' | 'cancel' | 'retire' | 'restore' | 'destroy', number>
  >;
  readonly expiresInMs: number;
};

export const FROST_PACE: Pace = {
  everyMs: { reshare: 3_000, cancel: 12_000, retire: 14_000, restore: 9_000, destroy: 9_000 },
  expiresInMs: 60_000,
};

/** Each new version waits for material of its set, which takes seconds. */
export const GG20_PACE: Pace = {
  everyMs: { reshare: 6_000, cancel: 30_000, retire: 45_000, restore: 8_000, destroy: 45_000 },
  expiresInMs: 600_000,
};

/** Keys that are refreshed every hour. */
export const LIVING_KEYS: KeyRequests = {
  ...FROST_KEYS,
  keysMax: 4,
  askForKey: (rng, number, nodes) =>
    askForKey(rng, number, nodes, {
      algorithm: Algorithm.FROST_ED25519_SHA512,
      gg20Profile: Gg20Profile.UNSPECIFIED,
      reshareInterval: HOURLY,
    }),
};

/** The same of threshold ECDSA. */
export const LIVING_GG20_KEYS: KeyRequests = {
  ...GG20_KEYS,
  askForKey: (rng, number, nodes) =>
    askForKey(rng, number, nodes, {
      algorithm: rng.pick(GG20_ALGORITHMS),
      gg20Profile: Gg20Profile.P2048,
      reshareInterval: HOURLY,
    }),
};

/** What an operator asks for in the life of keys: other shares, and an end, of any key, at any time. */
export function requestsInALife(
  operator: SimulatedOperator,
  nodes: readonly NodeId[],
  { everyMs, expiresInMs }: Pace,
): readonly FurtherRequests[] {
  /** Of the last request to reshare. */
  let lastReshare: string | undefined;
  const asked = (method: string, requestId: string, bytes: Uint8Array): Asked => ({
    method,
    bytes,
    requester: operator.spiffeId,
    requestId,
    key: undefined,
    signed: undefined,
    expiresInMs,
    authorize: operator.sign,
  });
  const row = (
    kind: Exclude<keyof Pace['everyMs'], 'cancel'>,
    method: string,
    bytesOf: (requestId: string, key: AskedKey, rng: Rng) => Uint8Array,
  ): FurtherRequests => ({
    method,
    everyMs: everyMs[kind],
    ask(rng, number, keys) {
      if (keys.length === 0) return undefined;
      const requestId = `${kind}-${number}`;
      if (kind === 'reshare') lastReshare = requestId;
      return asked(method, requestId, bytesOf(requestId, rng.pick(keys), rng));
    },
    answered: () => undefined,
  });
  return [
    row('reshare', METHODS.reshareKey, (requestId, { keyId }, rng) => {
      const participants = rng.chance(NAMED) ? someOf(rng, nodes) : [];
      const threshold = participants.length === 0 ? 0 : 2 + rng.int(participants.length - 1);
      const of = { requestId, keyId, participants, threshold };
      return encode(
        ReshareKeyRequest,
        ReshareKeyRequest.fromPartial({ ...of, allowNoRedundancy: true }),
      );
    }),
    row('retire', METHODS.retireKey, (requestId, { keyId }) =>
      encode(RetireKeyRequest, { requestId, keyId, recoveryWindow: WINDOW }),
    ),
    row('restore', METHODS.restoreKey, (requestId, { keyId }) =>
      encode(RestoreKeyRequest, { requestId, keyId }),
    ),
    row('destroy', METHODS.destroyKey, (requestId, { keyId }) =>
      encode(DestroyKeyRequest, { requestId, keyId, confirmKeyId: keyId }),
    ),
    {
      method: METHODS.cancelTask,
      everyMs: everyMs.cancel,
      ask(_, number) {
        if (lastReshare === undefined) return undefined;
        const [requestId, taskId] = [
          `cancel-${number}`,
          taskIdOf(operator.spiffeId, lastReshare) as string,
        ];
        return asked(
          METHODS.cancelTask,
          requestId,
          encode(CancelTaskRequest, { requestId, taskId }),
        );
      },
      answered: () => undefined,
    },
  ];
}

/** The id of a request that an operator has signed; `undefined` for any other. */
export function requestIdInALife(method: string, request: Uint8Array): string | undefined {
  switch (method) {
    case METHODS.reshareKey:
      return decode(ReshareKeyRequest, request)?.requestId;
    case METHODS.retireKey:
      return decode(RetireKeyRequest, request)?.requestId;
    case METHODS.restoreKey:
      return decode(RestoreKeyRequest, request)?.requestId;
    case METHODS.destroyKey:
      return decode(DestroyKeyRequest, request)?.requestId;
    case METHODS.cancelTask:
      return decode(CancelTaskRequest, request)?.requestId;
    default:
      return undefined;
  }
}

/** Two nodes or more, sorted. */
function someOf(rng: Rng, nodes: readonly NodeId[]): NodeId[] {
  const count = 2 + rng.int(nodes.length - 1);
  return rng.shuffle(nodes).slice(0, count).sort();
}
