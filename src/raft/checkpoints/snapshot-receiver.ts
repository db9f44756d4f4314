import type { Alarms, AlarmKind } from '../../alarms/index.js';
import { Budgets, equal, wordsOf } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { sha256 } from '../../crypto/index.js';
import type {
  Clock,
  ConsensusStore,
  Logger,
  SnapshotFile,
  SnapshotFiles,
  Verify,
} from '../../ports/index.js';
import { VOTERS_MAX } from '../limits.js';
import type { Raft } from '../raft.js';
import { stateFile } from './archive.js';
import type { Archive } from './archive.js';
import { ASK_AGAIN_MS, CHUNK_BYTES, OFFER_RATE, SENDER_SILENT_MS } from './limits.js';
import { isCertified, signaturesNeeded } from './mark.js';
import type { Mark } from './mark.js';
import type { CheckpointMessage, Snapshot, SnapshotChunk, SnapshotOffer } from './messages.js';
import type { CheckpointState } from './parts.js';
import { RowReader, StateDigest, stateHash } from './state-stream.js';
import { highestThreshold, pause } from './write-state.js';

type Host = {
  readonly raft: Raft;
  readonly store: Pick<ConsensusStore, 'stage'>;
  readonly files: SnapshotFiles;
  readonly state: CheckpointState;
  readonly verify: Verify['identity'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly send: (message: CheckpointMessage) => void;
  readonly install: (mark: Mark) => void;
  readonly hasRoom: () => boolean;
};

type Transfer = {
  readonly snapshot: Snapshot;
  readonly from: NodeId;
  readonly file: SnapshotFile;
  readonly digest: StateDigest;
  askedMs: Millis;
  /** When a chunk of use last came. */
  heardMs: Millis;
  /** A chunk is being written. */
  isWriting: boolean;
};

/**
 * Takes a snapshot that a leader offers to this node, which lacks entries that are removed. The certificate is believed, and
 * nobody's word besides: it is verified first, under this node's own list of voters; the state comes chunk by chunk, asked
 * for one at a time, into a file; its hash is compared with the certificate's before and after it is read again into the
 * store. One transfer at a time, from one sender.
 */
export class SnapshotReceiver {
  readonly #host: Host;
  readonly #archive: Archive;
  readonly #rate = new Budgets(OFFER_RATE, VOTERS_MAX);
  #transfer: Transfer | undefined;
  /** An offer is being judged, or what came of one is put into the store: no other is looked at. */
  #isBusy = false;
  #isStopped = false;

  constructor(host: Host, archive: Archive) {
    this.#host = host;
    this.#archive = archive;
  }

  onOffer(offer: SnapshotOffer): void {
    const { raft, clock, send } = this.#host;
    const { from: to, snapshot } = offer;
    if (to !== raft.leader) return;
    const { mark } = snapshot.certificate;
    if (!raft.lacks(mark)) {
      const { id: from, term, commit } = raft;
      send({ type: 'snapshot-held', from, to, term, index: commit });
      return;
    }
    if (this.#isBusy || this.#transfer !== undefined || !this.#host.hasRoom()) return;
    if (!this.#rate.take(to, 1, clock.elapsed())) return;
    this.#isBusy = true;
    void this.#begin(offer);
  }

  onChunk(chunk: SnapshotChunk): void {
    const transfer = this.#transfer;
    if (transfer === undefined || transfer.isWriting || chunk.from !== transfer.from) return;
    const { snapshot, digest } = transfer;
    const { index } = snapshot.certificate.mark;
    // A late copy, or of another snapshot.
    if (chunk.index !== index || chunk.offset !== digest.bytes) return;
    const length = Math.min(CHUNK_BYTES, snapshot.bytes - chunk.offset);
    if (chunk.bytes.length !== length || !equal(sha256(chunk.bytes), chunk.hash)) {
      this.#refuse(transfer, 'A chunk of a snapshot is not what its sender says');
      return;
    }
    transfer.isWriting = true;
    void this.#write(transfer, chunk.bytes);
  }

  /** Asks again for what has not come, and gives up a sender that says nothing. */
  tick(): void {
    const transfer = this.#transfer;
    if (transfer === undefined || transfer.isWriting) return;
    const nowMs = this.#host.clock.elapsed();
    const isNeeded = this.#host.raft.lacks(transfer.snapshot.certificate.mark);
    if (!isNeeded || !this.#host.hasRoom()) this.#giveUp(transfer);
    else if (nowMs - transfer.heardMs >= SENDER_SILENT_MS) {
      this.#host.logger.warn('A snapshot does not come any further', { peer: transfer.from });
      this.#giveUp(transfer);
    } else if (nowMs - transfer.askedMs >= ASK_AGAIN_MS) this.#ask(transfer);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Never rejects. */
  async #begin({ from, snapshot }: SnapshotOffer): Promise<void> {
    const { raft, files, clock, logger } = this.#host;
    try {
      if (!(await this.#isProved(snapshot))) {
        if (!this.#isStopped)
          this.#alarm(from, snapshot, 'A snapshot has no certificate that holds');
        return;
      }
      const { mark } = snapshot.certificate;
      const file = await files.create(stateFile(mark.index));
      const nowMs = clock.elapsed();
      const times = { askedMs: nowMs, heardMs: nowMs, isWriting: false };
      const transfer = { snapshot, from, file, digest: new StateDigest(), ...times };
      if (this.#isStopped || !raft.lacks(mark)) {
        await file.discard();
        return;
      }
      const facts = { peer: from, index: mark.index, bytes: snapshot.bytes };
      logger.info('This node lacks entries that are removed, and takes a snapshot', facts);
      this.#transfer = transfer;
      this.#ask(transfer);
    } catch (error) {
      if (!this.#isStopped)
        logger.warn('A snapshot could not be taken', { peer: from, error: wordsOf(error) });
    } finally {
      this.#isBusy = false;
    }
  }

  /** Claims that the certificate holds under the own state, and is of a state of this length and chain. */
  async #isProved({ certificate, bytes, chain }: Snapshot): Promise<boolean> {
    const { state, verify } = this.#host;
    if (!equal(stateHash(bytes, chain), certificate.mark.stateHash)) return false;
    const highest = await highestThreshold(this.#host, state.reading());
    const electorate = state.electorate();
    return isCertified(electorate, signaturesNeeded(electorate, highest), certificate, verify);
  }

  #ask(transfer: Transfer): void {
    const { raft, clock, send } = this.#host;
    const { index, stateHash: hash } = transfer.snapshot.certificate.mark;
    transfer.askedMs = clock.elapsed();
    send({
      type: 'snapshot-request',
      from: raft.id,
      to: transfer.from,
      term: raft.term,
      index,
      stateHash: hash,
      offset: transfer.digest.bytes,
    });
  }

  /** Never rejects. */
  async #write(transfer: Transfer, bytes: Uint8Array): Promise<void> {
    const { snapshot, digest, file } = transfer;
    const { clock, logger } = this.#host;
    try {
      digest.add(bytes);
      await file.append(bytes);
      transfer.isWriting = false;
      if (this.#isStopped) return;
      transfer.heardMs = clock.elapsed();
      if (digest.bytes < snapshot.bytes) this.#ask(transfer);
      else if (equal(digest.chain, snapshot.chain)) await this.#install(transfer);
      else this.#refuse(transfer, 'A snapshot is not what its certificate says');
    } catch (error) {
      if (this.#isStopped) return;
      logger.warn('A snapshot could not be taken', { peer: transfer.from, error: wordsOf(error) });
      this.#giveUp(transfer);
    }
  }

  /** All of it is in the file, and what the certificate says. */
  async #install({ snapshot, file }: Transfer): Promise<void> {
    const { raft, logger, install } = this.#host;
    const { mark } = snapshot.certificate;
    this.#isBusy = true;
    this.#transfer = undefined;
    try {
      await file.finish();
      // This node will have no earlier state than this one, and others may need it.
      await this.#archive.keep(snapshot);
      if (this.#isStopped || !(await this.#stage(snapshot))) return;
      // Appends may have brought meanwhile what was missing.
      if (this.#isStopped || !raft.lacks(mark)) return;
      logger.info('A snapshot is installed, and this node starts from it', { index: mark.index });
      install(mark);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Reads the file into the store. Says whether it was all of the snapshot. @throws ClusterError `data-loss`. */
  async #stage({ certificate, bytes: all, chain }: Snapshot): Promise<boolean> {
    const { store, files, clock } = this.#host;
    const name = stateFile(certificate.mark.index);
    const [reader, digest] = [new RowReader(), new StateDigest()];
    for (let isFirst = true; digest.bytes < all; isFirst = false) {
      const chunk = await files.read(name, digest.bytes, CHUNK_BYTES);
      const isOver = this.#isStopped || !this.#host.hasRoom();
      if (isOver || chunk === undefined || chunk.length === 0) return false;
      digest.add(chunk);
      await store.stage(reader.take(chunk), isFirst);
      await pause(clock);
      if (this.#isStopped) return false;
    }
    reader.end();
    return digest.bytes === all && equal(digest.chain, chain);
  }

  #refuse(transfer: Transfer, kind: AlarmKind): void {
    this.#alarm(transfer.from, transfer.snapshot, kind);
    this.#giveUp(transfer);
  }

  #alarm(peer: NodeId, { certificate }: Snapshot, kind: AlarmKind): void {
    this.#host.alarms.raise(kind, peer, { index: certificate.mark.index });
  }

  #giveUp(transfer: Transfer): void {
    if (this.#transfer === transfer) this.#transfer = undefined;
    void transfer.file.discard();
  }
}
