import { evidenceOfReshare, judgeEvidence } from '../../../src/blame/index.js';
import type { AttemptBasis } from '../../../src/blame/index.js';
import { publicKeyOf, type Suite } from '../../../src/frost/index.js';
import type { ProtocolAbort } from '../../../src/mpc/index.js';
import type { Signer } from '../../../src/ports/index.js';
import { readyOfKey, resharingOf, METHODS, UPKEEP_METHODS } from '../../../src/state/index.js';
import type { AttemptRecord, Envelope, Ready } from '../../../src/wire/index.js';
import { basisOf, judgeOf, ledgerSigner } from './accusation.js';
import { GENESIS_MS } from './ledger.js';
import type { Ledger } from './ledger.js';
import { RequesterAuthority, type Requester } from './requester.js';
import { dealtSharing } from './reshare-exchange.js';
import type { HeldSharing, ReshareOptions } from './reshare-exchange.js';
import {
  keyOf,
  refresh,
  refreshRequest,
  reshare,
  reshareLedger,
  reshareRequest,
  sayInstalled,
  sayReady,
  versionAttempt,
} from './resharing.js';

const KEY = 'treasury';

/** Of the base, 2 of 3. */
export const HOLDERS = ['node-1', 'node-2', 'node-3'];
export const DEALERS = ['node-1', 'node-3'];
/** Of the new sharing, unless it is a refresh. */
export const RECEIVERS = ['node-2', 'node-3', 'node-4'];

/** An open reshare or refresh of a real sharing, with its first attempt. */
export type OpenReshare = {
  readonly ledger: Ledger;
  readonly base: HeldSharing;
  readonly basis: AttemptBasis;
  readonly sessionId: Uint8Array;
  /** In order of party index. */
  readonly nodes: readonly string[];
  readonly signers: readonly Signer[];
  /** The reshare as {@link runReshare} takes it. */
  readonly attempt: Pick<
    ReshareOptions,
    'base' | 'dealers' | 'receivers' | 'threshold' | 'sessionId' | 'signers'
  >;
};

let authority: Promise<RequesterAuthority> | undefined;

/**
 * node-1 and node-3 deal; of a refresh all of node-1, node-2 and node-3 receive with the threshold 2, else node-2, node-3 and node-4
 * with the threshold 3.
 *
 * @param culprit - Of a refresh, a participant that is said to have lied.
 */
export async function openReshare(
  suite: Suite,
  kind: 'reshare' | 'refresh' = 'reshare',
  culprit?: string,
): Promise<OpenReshare> {
  authority ??= RequesterAuthority.create(GENESIS_MS);
  const operator = await (await authority).requester('operator', 'alice');
  const ledger = reshareLedger(await authority);
  const made = heldKey(ledger, suite);
  const base = kind === 'refresh' ? withInterval(ledger, made, operator) : made;
  const evidence = Uint8Array.of(1);
  const more = culprit === undefined ? {} : { culprit: { nodeId: culprit, evidence } };
  const asked = { threshold: 3, participants: RECEIVERS, allowNoRedundancy: true };
  if (kind === 'refresh') ledger.timeMs = Number(resharingOf(keyOf(ledger, KEY)).dueMs);
  const request =
    kind === 'refresh' ? refreshRequest(ledger, KEY, more) : reshareRequest(KEY, asked);
  const opened =
    kind === 'refresh' ? refresh(ledger, KEY, more) : reshare(ledger, operator, KEY, asked);
  const [task = ''] = opened.changedTasks;
  versionAttempt(ledger, ledger.task(task), { dealers: DEALERS });
  const record = attemptOf(ledger, task);
  const method = kind === 'refresh' ? UPKEEP_METHODS.refresh : METHODS.reshareKey;
  const receivers = kind === 'refresh' ? HOLDERS : RECEIVERS;
  const nodes = [...new Set([...DEALERS, ...receivers])].toSorted();
  const signers = nodes.map(ledgerSigner);
  const { sessionId } = record;
  const threshold = kind === 'refresh' ? 2 : 3;
  return {
    ledger,
    base,
    basis: basisOf(ledger, Number(record.index), method, request),
    sessionId,
    nodes,
    signers,
    attempt: { base, dealers: DEALERS, receivers, threshold, sessionId, signers },
  };
}

/** A participant's own word for the base. */
export function baseReady({ ledger }: OpenReshare, node: string): Ready {
  const ready = readyOfKey(keyOf(ledger, KEY), node);
  if (ready === undefined) throw new Error(`${node} has not said ready`);
  return ready;
}

/** Evidence from messages that a party of the reshare signed, with its own word for the base. */
export function reshareEvidence(
  open: OpenReshare,
  node: string,
  messages: readonly Envelope[],
  ready: Ready | undefined = baseReady(open, node),
): Uint8Array | undefined {
  return evidenceOfReshare(open.basis, node, messages, ready);
}

/** Whom an abort names to somebody who has its evidence and the genesis, and nothing else. */
export function judgedAbort(
  open: OpenReshare,
  { culprits, evidence }: ProtocolAbort,
): readonly string[] {
  const judge = judgeOf(open.ledger);
  return culprits.map((culprit) => {
    const node = open.nodes[culprit - 1] ?? '';
    const own = evidence.filter(({ from }) => from === culprit);
    const bytes = reshareEvidence(open, node, own);
    const found = bytes && judgeEvidence(judge, bytes);
    return found === undefined ? `${node} UNPROVEN` : `${found.nodeId} ${found.reason}`;
  });
}

/** An active key of a sharing whose shares a test has. */
function heldKey(ledger: Ledger, suite: Suite): HeldSharing {
  const dealt = dealtSharing(suite, 2, HOLDERS, 5);
  const { algorithm } = suite;
  const publicPolynomial = [...dealt.V];
  const publicKey = publicKeyOf(suite, dealt.V[0] ?? new Uint8Array()) ?? new Uint8Array();
  const asked = { algorithm, participants: HOLDERS };
  const [task = ''] = ledger.generate(KEY, asked).changedTasks;
  ledger.attempt(ledger.task(task));
  const { sessionId } = attemptOf(ledger, task);
  for (const node of HOLDERS) {
    const value = ledger.ready(ledger.task(task), node, { algorithm, publicPolynomial, publicKey });
    ledger.command({ $case: 'ready', value });
  }
  for (const node of HOLDERS)
    ledger.command({ $case: 'installed', value: ledger.installed(KEY, node) });
  return { ...dealt, sessionId };
}

/** The same sharing once more, as a version whose key is refreshed every hour. */
function withInterval(ledger: Ledger, base: HeldSharing, operator: Requester): HeldSharing {
  const reshareInterval = { seconds: 3600n, nanos: 0 };
  const [id = ''] = reshare(ledger, operator, KEY, { reshareInterval }).changedTasks;
  versionAttempt(ledger, ledger.task(id));
  for (const node of HOLDERS) sayReady(ledger, id, node, { publicPolynomial: [...base.V] });
  for (const node of HOLDERS) sayInstalled(ledger, KEY, node);
  const { version, sessionId } = keyOf(ledger, KEY);
  return { ...base, version, sessionId };
}

function attemptOf(ledger: Ledger, task: string): AttemptRecord {
  const record = ledger.task(task).attempts.at(-1);
  if (record === undefined) throw new Error('the attempt was not admitted');
  return record;
}
