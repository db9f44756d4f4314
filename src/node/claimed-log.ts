import { ClusterError } from '../common/index.js';
import type { DataDirectory } from '../machine/index.js';
import type { ConsensusStore } from '../ports/index.js';

/**
 * The log of a data directory that says whose it is from the moment there is something in it. A claimed directory with
 * an empty log is one whose store was taken away: the node has forgotten its votes and what it acknowledged, and must not
 * take part as if it were new (Raft §5.2: a server votes at most once in a term, restarts included).
 */
export function claimedLog(
  store: ConsensusStore,
  directory: Pick<DataDirectory, 'claimed' | 'claim'>,
): ConsensusStore {
  let { claimed } = directory;
  return {
    async load() {
      const loaded = await store.load();
      if (claimed && loaded.isEmpty) {
        throw new ClusterError(
          'data-loss',
          'The data directory was in use before, but its log is empty. A node that has lost its log must not vote again',
          { reason: 'LOG_LOST' },
        );
      }
      return loaded;
    },
    async persist(batch) {
      await store.persist(batch);
      if (claimed) return;
      directory.claim();
      claimed = true;
    },
    readLog: (after, limits) => store.readLog(after, limits),
    get: (key) => store.get(key),
    scan: (prefix, from) => store.scan(prefix, from),
    readState: () => store.readState(),
    stage: (rows, isFirst) => store.stage(rows, isFirst),
    close: () => store.close(),
  };
}
