/**
 * Files that hold the replicated state as it was at a checkpoint, and what proves it. Nothing in them is secret. A file is
 * there as a whole and durable, or not at all.
 */
export interface SnapshotFiles {
  /** The names of all files that are there. */
  names(): Promise<readonly string[]>;
  /** Begins a file. One of the same name stays until the new one takes its place. */
  create(name: string): Promise<SnapshotFile>;
  /** The bytes of a file from `offset` on, at most `length`; `undefined` where there is no such file. */
  read(name: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  remove(name: string): Promise<void>;
}

/** A file that is being written, by one call at a time. */
export interface SnapshotFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Resolves when it is durable, and there under its name. */
  finish(): Promise<void>;
  /** Gives it up, and closes it. Never rejects. */
  discard(): Promise<void>;
}
