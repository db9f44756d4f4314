import type { ConsensusStore } from '../../../src/ports/index.js';
import { memoryConsensusStore } from '../../../src/store/index.js';

/** What is durable in a store now, whose log begins with its genesis, as another one. */
export async function copiedLog(store: ConsensusStore): Promise<ConsensusStore> {
  const { hardState, entries, applied, notes } = await store.load();
  const copy = memoryConsensusStore();
  const writes = [...store.scan(new Uint8Array(0))];
  await copy.persist({ hardState, entries: [...entries], writes, applied, notes: [...notes] });
  return copy;
}
