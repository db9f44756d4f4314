import { compareText, type ClusterId } from '../../../src/common/index.js';
import { destroyedBytes, installedBytes } from '../../../src/identity/index.js';
import type { Signer } from '../../../src/ports/index.js';
import {
  destroyHashOf,
  METHODS,
  refreshOf,
  reshareOf,
  UPKEEP_METHODS,
} from '../../../src/state/index.js';
import type { ActiveKey, Queries } from '../../../src/state/index.js';
import { encode, RefreshRequest, ReshareKeyRequest } from '../../../src/wire/index.js';
import type { Attempt, Command, TaskRecord } from '../../../src/wire/index.js';
import { generateAttempt, vouch } from '../../support/adversary/forgery.js';
import type { Rng } from '../rng.js';

/** How a malicious node lies where keys live. */
export type LiesOfLives = {
  /** Whether it tells two nodes two logs, or two terms, or what it does not have: few clusters go on after that. */
  readonly forks: boolean;
  /** Whether it lies yet: where no key comes to be, none can live. */
  begun(): boolean;
};

/** A leader's lies by which the log is two, or no node takes it any more. */
export const LOG_LIES: ReadonlySet<string> = new Set([
  'fork',
  'fork mended',
  'told differently',
  'time of the future',
  'time of the past',
  'giant entry',
  'wrong hash',
  'entry of another index',
  'commit beyond the log',
  'commit of what one has',
  'commit that goes back',
  'append of an earlier term',
  'kind that does not exist',
  'member entry',
]);

const KEYS_MAX = 20;
/** Of the attempts at a next version: those with dealers that are not as many as it takes, or out of order. */
const OTHER_DEALERS = 0.15;
const EXPIRES_IN_MS = 15_000;

/** An attempt at a key's next version, as an honest leader would open it but for its dealers now and then. */
export function versionAttempt(
  task: TaskRecord,
  number: number,
  state: Queries,
  rng: Rng,
  bootOf: (node: string) => Uint8Array,
): Attempt | undefined {
  const key = state.key(task.keyId);
  if (key === undefined) return undefined;
  const holders = key.participants.map(({ nodeId }) => nodeId);
  const named: readonly string[] = reshareOf(task)?.participants ?? [];
  const culprit = refreshOf(task)?.culprit?.nodeId;
  const receivers = named.length > 0 ? named : holders.filter((node) => node !== culprit);
  const chosen = rng.shuffle(holders).slice(0, key.threshold).sort(compareText);
  const dealers = rng.chance(OTHER_DEALERS)
    ? rng.pick([holders, chosen.slice(1), chosen.toReversed()])
    : chosen;
  const nodes = [...new Set([...dealers, ...receivers])].map((nodeId) => ({
    nodeId,
    boot: bootOf(nodeId),
  }));
  return {
    ...generateAttempt(task, number, nodes),
    version: key.version + 1,
    sharingSession: key.sessionId,
    dealers: [...dealers],
  };
}

/** Entries of a malicious leader about the lives of keys, none of which may do anything: by name, what each appends. */
export function lifeLies(parts: {
  readonly state: Queries;
  readonly rng: Rng;
  readonly signer: Signer;
  readonly clusterId: ClusterId;
  readonly peers: readonly string[];
  readonly nowMs: number;
  append(command: NonNullable<Command['command']>): void;
}): Readonly<Record<string, () => void>> {
  const { state, rng, signer, clusterId, peers, nowMs } = parts;
  const ofSome = (lie: (key: ActiveKey) => NonNullable<Command['command']>) => () => {
    const keys = state.keysAfter('', KEYS_MAX);
    if (keys.length > 0) parts.append(lie(rng.pick(keys)));
  };
  return {
    'refresh that is not due': ofSome((key) => refresh(key)),
    'refresh for a culprit without evidence': ofSome((key) =>
      refresh(key, { nodeId: rng.pick(peers), evidence: rng.bytes(40) }),
    ),
    'installed in another’s name': ofSome(({ keyId, sessionId, version, digest }) => {
      const said = { nodeId: rng.pick(peers), sessionId, keyId, version, digest };
      const signature = signer.sign(installedBytes(clusterId, said));
      return { $case: 'installed', value: { ...said, signature } };
    }),
    'destroyed in another’s name': ofSome(({ keyId, publicKey, lifecycle }) => {
      const requestHash = lifecycle ? destroyHashOf(lifecycle) : rng.bytes(32);
      const said = { nodeId: rng.pick(peers), keyId, publicKey, requestHash };
      const signature = signer.sign(destroyedBytes(clusterId, said));
      return { $case: 'destroyed', value: { ...said, signature } };
    }),
    'reshare in the owner’s name': ofSome(({ keyId, owner }) => {
      const requestId = `own-reshare-${signer.node}-${nowMs}`;
      const participants = [signer.node, rng.pick(peers)].sort(compareText);
      const of = { requestId, keyId, participants, threshold: 2, allowNoRedundancy: true };
      const value = vouch(signer, {
        clusterId,
        method: METHODS.reshareKey,
        request: encode(ReshareKeyRequest, ReshareKeyRequest.fromPartial(of)),
        requester: owner,
        expireTimeMs: nowMs + EXPIRES_IN_MS,
      });
      return { $case: 'request', value };
    }),
  };
}

function refresh(
  { keyId, version }: ActiveKey,
  culprit?: RefreshRequest['culprit'],
): NonNullable<Command['command']> {
  const request = encode(RefreshRequest, { keyId, version: version + 1, culprit });
  return { $case: 'upkeep', value: { method: UPKEEP_METHODS.refresh, request } };
}
