import { toHex, type NodeId } from '../../../src/common/index.js';
import type { ShareId, ShareStore } from '../../../src/ports/index.js';
import { isEnded, resharingOf, type Queries } from '../../../src/state/index.js';
import type { Report } from '../checkers/facts.js';

/**
 * No node deletes a share that the state which it has applied does not give up: that of the version in use, and that of the version
 * before while a participant has not said that it installed the one in use. A destroyed key gives up all.
 */
export function watchedErasures(
  node: NodeId,
  shares: ShareStore,
  state: () => Queries | undefined,
  report: Report,
): ShareStore {
  const look = ({ keyId, sessionId }: ShareId): void => {
    const key = state()?.key(keyId);
    if (key === undefined || isEnded(key)) return;
    const { previous } = resharingOf(key);
    const before = previous?.sharing && toHex(previous.sharing.sessionId);
    const isWhole = key.installed.length === key.participants.length;
    const inUse = toHex(key.sessionId) === sessionId;
    if (inUse || (before === sessionId && !isWhole)) {
      const words = `${node} deletes its share of ${keyId} of session ${sessionId.slice(0, 8)}`;
      report('Erasure', `${words} at version ${key.version}, installed by ${key.installed.length}`);
    }
  };
  return {
    putIfAbsent: (...asked) => shares.putIfAbsent(...asked),
    replace: (...asked) => shares.replace(...asked),
    get: (id) => shares.get(id),
    list: (page) => shares.list(page),
    close: () => shares.close(),
    delete: (id) => {
      look(id);
      return shares.delete(id);
    },
  };
}
