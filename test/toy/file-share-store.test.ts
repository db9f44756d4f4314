import { readFile, writeFile } from 'node:fs/promises';
import { shareStoreSuite } from '../contracts/share-store-suite.js';
import { temporaryDirectory } from '../support/builders/stores.js';
import { openFileShareStore, shareFile } from './file-share-store.js';

shareStoreSuite('a toy with a file for each share', async () => {
  const { path, remove } = await temporaryDirectory();
  return {
    open: () => openFileShareStore(path),
    damage: async (id) => {
      const bytes = await readFile(shareFile(path, id));
      await writeFile(
        shareFile(path, id),
        bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
      );
    },
    remove,
  };
});
