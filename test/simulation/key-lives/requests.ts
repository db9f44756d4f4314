import type { NodeId } from '../../../src/common/index.js';
import { taskIdOf } from '../../../src/identity/index.js';
import { METHODS } from '../../../src/state/index.js';
import {
  Algorithm,
  CancelTaskRequest,
  DestroyKeyRequest,
  encode,
  Gg20Profile,
  ReshareKeyRequest,
  RestoreKeyRequest,
  RetireKeyRequest,
} from '../../../src/wire/index.js';
import type { FurtherRequests } from '../clients.js';
import { askForKey, FROST_KEYS, type Asked, type AskedKey, type KeyRequests } from '../requests.js';
import type { Rng } from '../rng.js';
import type { SimulatedOperator } from './operator.js';

const EXPIRES_IN_MS = 60_000;
const HOURLY = { seconds: 3_600n, nanos: 0 };
/** The least that there is. */
const WINDOW = { seconds: 60n, nanos: 0 };
const EVERY_MS = { reshare: 3_000, cancel: 12_000, retire: 14_000, restore: 9_000, destroy: 9_000 };
/** Of the requests to reshare: how many name participants and threshold. */
const NAMED = 0.6;

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

/** What an operator asks for in the life of keys: other shares, and an end, of any key, at any time. */
export function requestsInALife(
  operator: SimulatedOperator,
  nodes: readonly NodeId[],
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
    expiresInMs: EXPIRES_IN_MS,
    authorize: operator.sign,
  });
  const row = (
    kind: Exclude<keyof typeof EVERY_MS, 'cancel'>,
    method: string,
    bytesOf: (requestId: string, key: AskedKey, rng: Rng) => Uint8Array,
  ): FurtherRequests => ({
    method,
    everyMs: EVERY_MS[kind],
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
      everyMs: EVERY_MS.cancel,
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

/** Two nodes or more, sorted. */
function someOf(rng: Rng, nodes: readonly NodeId[]): NodeId[] {
  const count = 2 + rng.int(nodes.length - 1);
  return rng.shuffle(nodes).slice(0, count).sort();
}
