import { memoryConsensusStore, openLmdbStore } from '../../src/store/index.js';
import { temporaryDirectory } from '../support/stores.js';
import { consensusStoreSuite } from './consensus-store-suite.js';

consensusStoreSuite('memory', async () => {
  const store = memoryConsensusStore();
  return { open: async () => store, remove: async () => {} };
});

consensusStoreSuite('lmdb', async () => {
  const { path, remove } = await temporaryDirectory();
  return {
    async open() {
      const { consensus, shares } = await openLmdbStore(path);
      await shares.close();
      return consensus;
    },
    remove,
  };
});
