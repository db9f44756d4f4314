import { Budgets, equal, wordsOf } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { sha256 } from '../../crypto/index.js';
import type { Clock, Logger, SnapshotFiles } from '../../ports/index.js';
import { VOTERS_MAX } from '../limits.js';
import type { Raft } from '../raft.js';
import { stateFile } from './archive.js';
import type { Archive } from './archive.js';
import { CHUNK_BYTES, CHUNK_RATE, OFFER_MS } from './limits.js';
import type { CheckpointMessage, Snapshot, SnapshotRequest } from './messages.js';

type Host = {
  readonly raft: Raft;
  readonly files: SnapshotFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly send: (message: CheckpointMessage) => void;
};

/**
 * Offers the certified state to voters that lack the log, and gives any voter the chunks that it asks for: it remembers
 * nothing of a transfer, and has one chunk for each voter in memory at most.
 */
export class SnapshotSender {
  readonly #host: Host;
  readonly #archive: Archive;
  readonly #rate = new Budgets(CHUNK_RATE, VOTERS_MAX);
  /** Voters for which a chunk is being read. */
  readonly #reading = new Set<NodeId>();
  #offeredMs: Millis = -Infinity;
  #isStopped = false;

  constructor(host: Host, archive: Archive) {
    this.#host = host;
    this.#archive = archive;
  }

  tick(): void {
    const { raft, clock, send } = this.#host;
    const { kept: snapshot } = this.#archive;
    const nowMs = clock.elapsed();
    if (snapshot === undefined || nowMs - this.#offeredMs < OFFER_MS) return;
    this.#offeredMs = nowMs;
    const { id: from, term } = raft;
    for (const to of raft.lacking) send({ type: 'snapshot-offer', from, to, term, snapshot });
  }

  onRequest(asked: SnapshotRequest): void {
    const { kept } = this.#archive;
    if (kept === undefined || !isOf(asked, kept) || asked.offset >= kept.bytes) return;
    // A voter that asks twice at a time gets one answer, and one that asks too often must ask again.
    if (this.#reading.has(asked.from)) return;
    if (!this.#rate.take(asked.from, 1, this.#host.clock.elapsed())) return;
    this.#reading.add(asked.from);
    void this.#send(asked, kept);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #send(
    { from: to, index, offset }: SnapshotRequest,
    { bytes: all }: Snapshot,
  ): Promise<void> {
    const { raft, files, logger, send } = this.#host;
    try {
      const length = Math.min(CHUNK_BYTES, all - offset);
      const bytes = await files.read(stateFile(index), offset, length);
      if (this.#isStopped) return;
      if (bytes?.length === length) {
        const { id: from, term } = raft;
        const hash = sha256(bytes);
        send({ type: 'snapshot-chunk', from, to, term, index, offset, bytes, hash });
        return;
      }
      // A newer one may have taken its place.
      if (this.#archive.index === index)
        logger.warn('The file of a checkpoint is not whole', { index, offset });
    } catch (error) {
      logger.warn('The file of a checkpoint cannot be read', { index, error: wordsOf(error) });
    } finally {
      this.#reading.delete(to);
    }
  }
}

function isOf({ index, stateHash }: SnapshotRequest, { certificate }: Snapshot): boolean {
  return index === certificate.mark.index && equal(stateHash, certificate.mark.stateHash);
}
