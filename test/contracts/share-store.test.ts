import { openShareStore, ShareDisk } from '../simulation/disk.js';
import { PROMPT_DISK } from '../support/simulated-disk.js';
import { memoryShareStore, openLmdbStore } from '../../src/store/index.js';
import { temporaryDirectory } from '../support/stores.js';
import { shareStoreSuite } from './share-store-suite.js';

shareStoreSuite('memory', async () => {
  const store = memoryShareStore();
  return { open: async () => store, remove: async () => {} };
});

shareStoreSuite('lmdb', async () => {
  const { path, remove } = await temporaryDirectory();
  return {
    async open() {
      const { consensus, shares } = await openLmdbStore(path);
      await consensus.close();
      return shares;
    },
    remove,
  };
});

shareStoreSuite('simulated', async () => {
  const disk = new ShareDisk();
  return {
    open: async () => openShareStore(disk, PROMPT_DISK, { durable: () => undefined }),
    remove: async () => {},
  };
});
