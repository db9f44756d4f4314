import { isId, keyId, nodeId, refuse } from '../../common/index.js';
import type { KeyId, Millis, NodeId } from '../../common/index.js';
import { decode, encode, RefreshRequest } from '../../wire/index.js';
import type { RefreshCulprit, TaskRecord, Upkeep } from '../../wire/index.js';
import { openCount } from '../counts.js';
import { isInUse } from '../key-ends.js';
import { isCertified } from '../keys.js';
import type { ActiveKey } from '../keys.js';
import type { KindRules, ParsedRequest } from '../kind-rules.js';
import {
  CULPRIT_EVIDENCE_BYTES_MAX,
  CULPRIT_REFRESH_MS,
  REFRESHES_LOOKED_AT_MAX,
  REFRESHES_OPEN_MAX,
  RESHARE_LEVEL,
} from '../limits.js';
import { UPKEEP_METHODS } from '../methods.js';
import { hasRoomFor, setOfKey } from '../participant-sets.js';
import { requestOf } from '../parse.js';
import { readKey, readTotals } from '../records.js';
import { notCanonical } from '../request-fields.js';
import { dueKeys, logTime, resharingOf } from '../resharing.js';
import type { View } from '../view.js';
import {
  activateVersion,
  closeVersion,
  fitsVersion,
  isOutdatedVersion,
  openVersion,
  versionTerms,
} from './new-version.js';
import type { NewVersion } from './new-version.js';
import { withoutCulprit } from './version-terms.js';

export type ParsedRefresh = ParsedRequest & {
  readonly kind: 'refresh';
  readonly keyId: KeyId;
  /** That is to be made. */
  readonly version: number;
  /** A participant that is said to have lied, and the evidence, which the state has not judged. */
  readonly culprit: { readonly nodeId: NodeId; readonly evidence: Uint8Array } | undefined;
};

/**
 * Shares a key anew among its participants with its threshold, when its time has come or one of them has lied. No requester asks for it.
 * One that comes to nothing is due again after a while; the version before stays in use.
 */
export const refreshRules: KindRules<ParsedRefresh> = {
  kind: 'refresh',
  level: RESHARE_LEVEL,
  method: UPKEEP_METHODS.refresh,
  askers: { roles: [], voucher: false },
  opensWithAttempt: false,
  cancellable: true,

  parse(bytes) {
    const request = decode(RefreshRequest, bytes);
    if (request === undefined) return notCanonical('RefreshRequest');
    const { culprit, version } = request;
    const isRead =
      isId(request.keyId) &&
      version > 1 &&
      (culprit === undefined ||
        (isId(culprit.nodeId) &&
          culprit.evidence.length > 0 &&
          culprit.evidence.length <= CULPRIT_EVIDENCE_BYTES_MAX));
    if (!isRead) return notCanonical('RefreshRequest');
    return {
      ok: true,
      value: {
        kind: 'refresh',
        requestId: '',
        keyId: keyId(request.keyId),
        version,
        culprit: culprit && { nodeId: nodeId(culprit.nodeId), evidence: culprit.evidence },
      },
    };
  },

  checkAccess: () => undefined,
  /** No request opens such a task. */
  admit: () => refuse('invalid-request', 'UNKNOWN_METHOD', 'No requester asks for this'),
  participants: (view, asked) => versionDue(view, asked)?.participants ?? [],

  fitsAttempt(view, asked, attempt) {
    const made = versionDue(view, asked);
    return made !== undefined && fitsVersion(view, made, attempt);
  },

  isOutdated: (view, asked, attempt) => isOutdatedVersion(view, versionDue(view, asked), attempt),

  open(draft, { record, asked }) {
    const made = versionDue(draft, asked);
    if (made !== undefined) openVersion(draft, made, record, asked.culprit?.nodeId);
    return undefined;
  },

  /** The last `ready` is what closes it. */
  result: () => undefined,

  close(draft, task, _, outcome) {
    const asked = refreshOf(task);
    const made = asked && versionDue(draft, asked);
    if (made !== undefined) closeVersion(draft, made, task, outcome, true);
  },

  upkeep: {
    isDue(view, asked, timeMs) {
      const key = readKey(view, asked.keyId);
      return (
        key?.version === asked.version - 1 &&
        roomLeft(view) > 0 &&
        isFree(key) &&
        (asked.culprit === undefined
          ? isTime(key, logTime(view, timeMs))
          : isCulprit(view, key, asked.culprit.nodeId, logTime(view, timeMs)))
      );
    },

    isOvertaken(view, asked) {
      const key = readKey(view, asked.keyId);
      if (key === undefined || key.version < asked.version - 1) return false;
      const isTaken = !isFree(key) || roomLeft(view) === 0;
      return key.version >= asked.version || isTaken || !hasRoomWithout(view, key, asked.culprit);
    },

    due(view, timeMs, _, reaches) {
      const requests: Uint8Array[] = [];
      const room = roomLeft(view);
      let looked = 0;
      for (const id of dueKeys(view, logTime(view, timeMs))) {
        if (requests.length >= room || looked === REFRESHES_LOOKED_AT_MAX) break;
        looked += 1;
        const key = readKey(view, id);
        if (
          key === undefined ||
          !isFree(key) ||
          !reaches(key.participants.map((each) => each.nodeId))
        )
          continue;
        requests.push(refreshRequest(key));
      }
      return requests;
    },
  },

  sharing: {
    terms(view, asked) {
      const made = versionDue(view, asked);
      return made && versionTerms(made);
    },

    activate(draft, { asked }, sharing, said, moment) {
      const made = versionDue(draft, asked);
      return made === undefined
        ? new Uint8Array(0)
        : activateVersion(draft, made, sharing, said, moment);
    },
  },
};

export function isRefresh(asked: ParsedRequest): asked is ParsedRefresh {
  return asked.kind === refreshRules.kind;
}

/** The request of an open refresh; `undefined` for any other task. */
export function refreshOf(task: TaskRecord): ParsedRefresh | undefined {
  return requestOf(refreshRules, task);
}

/**
 * The upkeep that shares a key anew because one of its participants has lied; `undefined` where that is not due: the node holds no
 * share, a task makes the next version already, or the last such refresh was a short while ago.
 *
 * @param timeMs - Of the state machine's clock.
 */
export function refreshFor(
  view: View,
  key: ActiveKey,
  culprit: RefreshCulprit,
  timeMs: Millis,
): Upkeep | undefined {
  const isDue =
    roomLeft(view) > 0 &&
    isFree(key) &&
    isCulprit(view, key, culprit.nodeId, logTime(view, timeMs)) &&
    culprit.evidence.length <= CULPRIT_EVIDENCE_BYTES_MAX;
  return isDue
    ? { method: UPKEEP_METHODS.refresh, request: refreshRequest(key, culprit) }
    : undefined;
}

/** The nodes that get a share when a key is shared anew for a culprit. */
export function receiversWithout(key: ActiveKey, culprit: string): readonly string[] {
  return withoutCulprit(key, culprit).map((each) => each.nodeId);
}

/** The version that a refresh makes, of the key as it is. */
export function versionDue(
  view: View,
  { keyId: id, culprit }: ParsedRefresh,
): NewVersion | undefined {
  const key = readKey(view, id);
  if (key === undefined) return undefined;
  const { threshold } = key;
  const intervalMs = Number(resharingOf(key).intervalMs);
  return { key, threshold, participants: withoutCulprit(key, culprit?.nodeId), intervalMs };
}

function refreshRequest({ keyId: id, version }: ActiveKey, culprit?: RefreshCulprit): Uint8Array {
  return encode(RefreshRequest, { keyId: id, version: version + 1, culprit });
}

function isFree(key: ActiveKey): boolean {
  return resharingOf(key).taskId === '' && isCertified(key) && isInUse(key);
}

function isTime(key: ActiveKey, logMs: Millis): boolean {
  const { dueMs } = resharingOf(key);
  return dueMs > 0n && Number(dueMs) <= logMs;
}

/** A key whose owner wants no refresh by itself gets none for a culprit either. */
function isCulprit(view: View, key: ActiveKey, node: string, logMs: Millis): boolean {
  const { intervalMs, culpritMs } = resharingOf(key);
  return (
    hasRoomWithout(view, key, { nodeId: node }) &&
    intervalMs > 0n &&
    key.participants.some((each) => each.nodeId === node) &&
    logMs - Number(culpritMs) >= CULPRIT_REFRESH_MS
  );
}

/** Claims that there is room for the set that is left without the culprit. */
function hasRoomWithout(
  view: View,
  key: ActiveKey,
  culprit: { readonly nodeId: string } | undefined,
): boolean {
  const participants = [...withoutCulprit(key, culprit?.nodeId)];
  const set = culprit && setOfKey({ gg20Profile: key.gg20Profile, participants });
  return set === undefined || hasRoomFor(view, set);
}

function roomLeft(view: View): number {
  return Math.max(0, REFRESHES_OPEN_MAX - openCount(readTotals(view), refreshRules.kind));
}
