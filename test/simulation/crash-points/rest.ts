import { toHex } from '../../../src/common/index.js';
import { awaitedNodes, isEnded, type ActiveKey } from '../../../src/state/index.js';
import type { Cluster } from '../cluster.js';
import type { Machine } from '../machine.js';
import type { NodeProcess } from '../whole-nodes.js';

const SHARES_MAX = 100;
const KEYS_MAX = 10;

/**
 * Why something of the tasks before is still left: a node that is down or behind, an open task, a key whose version not all participants
 * have installed (M10), a share of a version that is over (M11), or of a key that is destroyed. `undefined` when nothing is.
 *
 * @param past - Sessions of versions that are over.
 */
export function restlessness(
  machines: Cluster<NodeProcess>['machines'],
  past: ReadonlySet<string>,
): string | undefined {
  const [first] = machines;
  const applied = first?.process?.status().applied;
  for (const machine of machines) {
    const { id, process, consensus } = machine;
    const status = process?.status();
    if (process === undefined || status?.leader === undefined) return `${id} is down or not led`;
    const isSame =
      status.applied === applied &&
      status.commit === applied &&
      consensus.stateHash === first?.consensus.stateHash;
    if (!isSame) return `${id} has not applied what the others have`;
    const [open] = process.replica.local().tasks('', 1, true);
    if (open !== undefined) return `${open.kind} is open`;
    const unfit = keysOf(machine).map((key) => restlessKey(machine, key, past));
    const because = unfit.find((each) => each !== undefined);
    if (because !== undefined) return `${id}: ${because}`;
  }
  return undefined;
}

function keysOf({ process }: Machine<NodeProcess>): readonly ActiveKey[] {
  return process?.replica.local().keysAfter('', KEYS_MAX) ?? [];
}

function restlessKey(
  machine: Machine<NodeProcess>,
  key: ActiveKey,
  past: ReadonlySet<string>,
): string | undefined {
  const { keyId, participants, installed, version } = key;
  const { items } = machine.shares.list({ limit: SHARES_MAX });
  const kept = items.filter((each) => each.keyId === keyId).map(({ sessionId }) => sessionId);
  if (isEnded(key)) {
    const missing = awaitedNodes(key).map(({ nodeId }) => nodeId);
    if (missing.length > 0) return `${missing.join(', ')} has not erased ${keyId}`;
    return kept.length === 0 ? undefined : `a share of ${keyId}, which is destroyed, is there`;
  }
  if (installed.length < participants.length) return `version ${version} is not installed by all`;
  const active = toHex(key.sessionId);
  const holds = participants.some(({ nodeId }) => nodeId === machine.id);
  if (holds && !kept.some((each) => each === active)) return `the share of ${keyId} is lost`;
  return kept.some((each) => past.has(each)) ? `a share of an earlier version is there` : undefined;
}
