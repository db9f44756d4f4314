import { nodeId } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { installedBytes, readyBytes } from '../../../src/identity/index.js';
import {
  auxiliaryOf,
  METHODS,
  parseTask,
  sharingOf,
  setOfKey,
  UPKEEP_METHODS,
} from '../../../src/state/index.js';
import type { ActiveKey } from '../../../src/state/index.js';
import { encode, RefreshRequest, ReshareKeyRequest } from '../../../src/wire/index.js';
import type { Attempt, Installed, Sharing, TaskRecord } from '../../../src/wire/index.js';
import { bootOf, fill, identityKeyOf, Ledger, sealOf, testGenesis } from './ledger.js';
import type { AppliedEntry, SaidReady } from './ledger.js';
import type { Requester, RequesterAuthority } from './requester.js';

export const FIVE: readonly NodeId[] = [1, 2, 3, 4, 5].map((at) => nodeId(`node-${at}`));

/** A ledger whose requesters an authority certifies, and that takes vouchers too. */
export function reshareLedger(
  authority: RequesterAuthority,
  nodes: readonly NodeId[] = FIVE,
  level?: number,
): Ledger {
  const requesterCa = authority.credential.certificate;
  return new Ledger(testGenesis({ nodes, requesterCa, ...(level !== undefined && { level }) }));
}

/** A key that is active, its certificate complete: 2 of node-1, node-2 and node-3 unless said otherwise. */
export function keyAmong(
  ledger: Ledger,
  keyId: string,
  {
    nodes = ['node-1', 'node-2', 'node-3'],
    ...more
  }: { readonly nodes?: readonly string[] } & Parameters<Ledger['generate']>[1] = {},
): ActiveKey {
  const asked = { participants: [...nodes], ...more };
  const [id = ''] = ledger.generate(keyId, asked).changedTasks;
  ledger.attempt(ledger.task(id));
  for (const node of nodes) {
    ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(id), node) });
  }
  for (const node of nodes) {
    ledger.command({ $case: 'installed', value: ledger.installed(keyId, node) });
  }
  return keyOf(ledger, keyId);
}

export function keyOf(ledger: Ledger, keyId: string): ActiveKey {
  const key = ledger.ask.key(keyId);
  if (key === undefined) throw new Error(`no key ${keyId}`);
  return key;
}

export function reshareRequest(keyId: string, more: Partial<ReshareKeyRequest> = {}): Uint8Array {
  return encode(ReshareKeyRequest, {
    requestId: `reshare-${keyId}`,
    keyId,
    threshold: 0,
    participants: [],
    allowNoRedundancy: false,
    reshareInterval: undefined,
    ...more,
  });
}

/** A signed request of a method. */
export function signed(
  ledger: Ledger,
  by: Requester,
  method: string,
  request: Uint8Array,
): AppliedEntry {
  const { clusterId } = ledger.rules.genesis;
  const expireTimeMs = ledger.timeMs + 60_000;
  const value = by.sign({ clusterId, method, expireTimeMs, request });
  const authorization = { by: { $case: 'signed', value } } as const;
  return ledger.command(
    { $case: 'request', value: { method, request, authorization, firstAttempt: undefined } },
    3,
  );
}

/** Names the threshold or the participants that the key has, where only the other is given. */
export function reshare(
  ledger: Ledger,
  by: Requester,
  keyId: string,
  more: Partial<ReshareKeyRequest> = {},
): AppliedEntry {
  return signed(ledger, by, METHODS.reshareKey, requestNaming(ledger, keyId, more));
}

/** The request of {@link reshare}. */
export function requestNaming(
  ledger: Ledger,
  keyId: string,
  more: Partial<ReshareKeyRequest> = {},
): Uint8Array {
  const key = ledger.ask.key(keyId);
  const { threshold = 0, participants = [] } = more;
  const isNamed = threshold !== 0 || participants.length > 0;
  const own = key?.participants.map((each) => each.nodeId) ?? ['node-1'];
  return reshareRequest(keyId, {
    ...more,
    ...(isNamed && {
      threshold: threshold === 0 ? (key?.threshold ?? 2) : threshold,
      participants: participants.length === 0 ? own : participants,
    }),
  });
}

export function refreshRequest(
  ledger: Ledger,
  keyId: string,
  more: Partial<RefreshRequest> = {},
): Uint8Array {
  const version = (ledger.ask.key(keyId)?.version ?? 1) + 1;
  return encode(RefreshRequest, { keyId, version, culprit: undefined, ...more });
}

/** The entry by which a leader opens a refresh. */
export function refresh(
  ledger: Ledger,
  keyId: string,
  more: Partial<RefreshRequest> = {},
): AppliedEntry {
  const request = refreshRequest(ledger, keyId, more);
  return ledger.command({ $case: 'upkeep', value: { method: UPKEEP_METHODS.refresh, request } });
}

/** The nodes that are to hold a share of the version that a task makes. */
export function receiversOf(ledger: Ledger, task: TaskRecord): readonly string[] {
  const parsed = parseTask(ledger.rules.kinds, task);
  const all = parsed?.rules.participants(ledger.state, parsed.asked, ledger.rules) ?? [];
  return all.map((each) => each.nodeId);
}

/** An attempt among all receivers and the first dealers, unless altered. */
export function versionAttempt(
  ledger: Ledger,
  task: TaskRecord,
  {
    dealers,
    nodes,
    ...more
  }: { readonly nodes?: readonly string[] } & Omit<Partial<Attempt>, 'nodes'> = {},
): AppliedEntry {
  const key = keyOf(ledger, task.keyId);
  const dealing = dealers ?? key.participants.slice(0, key.threshold).map((each) => each.nodeId);
  const receivers = receiversOf(ledger, task);
  const parties = nodes ?? [...new Set([...receivers, ...dealing])].sort();
  const parsed = parseTask(ledger.rules.kinds, task);
  const participants = parsed?.rules.participants(ledger.state, parsed.asked, ledger.rules) ?? [];
  const set = setOfKey({ gg20Profile: key.gg20Profile, participants: [...participants] });
  return ledger.command({
    $case: 'attempt',
    value: {
      taskId: task.taskId,
      number: task.attempts.length + 1,
      version: key.version + 1,
      sharingSession: key.sessionId,
      requestHash: task.requestHash,
      assignment: {
        $case: 'boots',
        value: { nodes: parties.map((node) => ({ nodeId: node, boot: bootOf(node) })) },
      },
      auxiliary: set && auxiliaryOf(ledger.state, set),
      dealers: [...dealing],
      ...more,
    },
  });
}

/** What an honest receiver says of the newest attempt; in `lies`, what it says otherwise. */
export function versionReady(
  ledger: Ledger,
  task: TaskRecord,
  node: string,
  { signature, ...lies }: Partial<Sharing> & { readonly signature?: Uint8Array } = {},
): SaidReady {
  const key = keyOf(ledger, task.keyId);
  const parsed = parseTask(ledger.rules.kinds, task);
  if (parsed === undefined) throw new Error('the task is closed');
  const { asked, rules } = parsed;
  const threshold = rules.sharing?.terms(ledger.state, asked, ledger.rules)?.threshold ?? 0;
  const [first = fill(0)] = key.publicPolynomial;
  const sharing: Sharing = {
    ...sharingOf(key),
    sessionId: task.attempts.at(-1)?.sessionId ?? fill(0),
    requestHash: task.requestHash,
    threshold,
    participants: [...rules.participants(ledger.state, asked, ledger.rules)],
    baseVersion: key.version,
    version: key.version + 1,
    publicPolynomial: Array.from({ length: threshold }, (_, at) =>
      at === 0 ? first : fill(40 + at, first.length),
    ),
    digest: fill(key.version + 50),
    ...lies,
  };
  const bytes = readyBytes(ledger.rules.genesis.clusterId, sharing);
  return { nodeId: node, sharing, signature: signature ?? sealOf(identityKeyOf(node), bytes) };
}

export function sayReady(
  ledger: Ledger,
  id: string,
  node: string,
  lies: Parameters<typeof versionReady>[3] = {},
): AppliedEntry {
  return ledger.command({
    $case: 'ready',
    value: versionReady(ledger, ledger.task(id), node, lies),
  });
}

/** What a participant of the active version says once its own log has activated it. */
export function sayInstalled(ledger: Ledger, keyId: string, node: string): AppliedEntry {
  const { sessionId, version, digest } = keyOf(ledger, keyId);
  const unsigned = { nodeId: node, sessionId, keyId, version, digest };
  const bytes = installedBytes(ledger.rules.genesis.clusterId, unsigned);
  const value: Installed = { ...unsigned, signature: sealOf(identityKeyOf(node), bytes) };
  return ledger.command({ $case: 'installed', value });
}

/** Has all receivers of an open task make the next version; and, unless told not to, say `installed`. */
export function makeVersion(ledger: Ledger, id: string, installs = true): void {
  const task = ledger.task(id);
  const receivers = receiversOf(ledger, task);
  versionAttempt(ledger, task);
  for (const node of receivers) sayReady(ledger, id, node);
  if (installs) for (const node of receivers) sayInstalled(ledger, task.keyId, node);
}
