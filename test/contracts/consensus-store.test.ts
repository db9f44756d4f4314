import { ConsensusDisk, openConsensusStore } from '../simulation/disk.js';
import { PROMPT_DISK } from '../support/builders/simulated-disk.js';
import { memoryConsensusStore, openLmdbConsensusStore } from '../../src/store/index.js';
import { temporaryDirectory } from '../support/builders/stores.js';
import { consensusStoreSuite } from './consensus-store-suite.js';

consensusStoreSuite('memory', async () => {
  const store = memoryConsensusStore();
  return { open: async () => store, remove: async () => {} };
});

consensusStoreSuite('lmdb', async () => {
  const { path, remove } = await temporaryDirectory();
  return {
    open: () => openLmdbConsensusStore(path),
    remove,
  };
});

function misuse(what: string): never {
  throw new Error(what);
}

consensusStoreSuite('simulated', async () => {
  const disk = new ConsensusDisk();
  return {
    open: async () =>
      openConsensusStore(disk, PROMPT_DISK, {
        begun: () => undefined,
        durable: () => undefined,
        failed: () => undefined,
        misuse,
      }),
    remove: async () => {},
  };
});
