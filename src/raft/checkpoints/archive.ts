import type { LogIndex, NodeId } from '../../common/index.js';
import type { SnapshotFiles } from '../../ports/index.js';
import { snapshotFromBytes, snapshotToBytes } from './codec.js';
import type { Mark } from './mark.js';
import type { Snapshot } from './messages.js';

/** The longest certificate file: twenty voters' signatures, and room. */
const CERTIFICATE_BYTES_MAX = 64 * 1024;
const STATE = '.state';
const CERTIFICATE = '.certificate';

/** The file of the state behind the entry at `index`. */
export function stateFile(index: LogIndex): string {
  return `${index}${STATE}`;
}

/** The newest certified state that this node has, in two files; and at most one more, which has no certificate yet. */
export class Archive {
  readonly #files: SnapshotFiles;
  #kept: Snapshot | undefined;

  constructor(files: SnapshotFiles) {
    this.#files = files;
  }

  get kept(): Snapshot | undefined {
    return this.#kept;
  }

  /** The index of the certified state; 0 if there is none. */
  get index(): LogIndex {
    return this.#kept?.certificate.mark.index ?? 0;
  }

  /** The signature of `node` in the certificate, if it is among them. */
  signatureOf(node: NodeId): { readonly mark: Mark; readonly signature: Uint8Array } | undefined {
    const { mark, signatures = [] } = this.#kept?.certificate ?? {};
    const signature = signatures.find((each) => each.node === node)?.signature;
    return mark && signature && { mark, signature };
  }

  /** Finds the certified state of an earlier run, and removes all other files. */
  async load(): Promise<void> {
    const names = new Set(await this.#files.names());
    for (const name of names) {
      if (!name.endsWith(CERTIFICATE)) continue;
      const bytes = await this.#files.read(name, 0, CERTIFICATE_BYTES_MAX);
      const snapshot = bytes && snapshotFromBytes(bytes);
      const { index } = snapshot?.certificate.mark ?? { index: 0 };
      if (index > this.index && names.has(stateFile(index))) this.#kept = snapshot;
    }
    await this.sweep();
  }

  /** Files the certificate of a state whose file is there, durably. It takes the place of the one before. */
  async keep(snapshot: Snapshot): Promise<void> {
    const { index } = snapshot.certificate.mark;
    if (index <= this.index) return;
    const file = await this.#files.create(`${index}${CERTIFICATE}`);
    try {
      await file.append(snapshotToBytes(snapshot));
      await file.finish();
    } catch (error) {
      await file.discard();
      throw error;
    }
    this.#kept = snapshot;
    await this.sweep();
  }

  /** Removes all files but those of the certified state, and of the state at `index`. */
  async sweep(index: LogIndex = 0): Promise<void> {
    const kept = new Set([stateFile(this.index), `${this.index}${CERTIFICATE}`, stateFile(index)]);
    for (const name of await this.#files.names())
      if (!kept.has(name)) await this.#files.remove(name);
  }
}
