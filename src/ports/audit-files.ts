/**
 * The files of an audit log, in a folder of their own. Each is written at its end alone, by one call at a time, and never again
 * once a later one is there.
 */
export interface AuditFiles {
  /** The names of all files that are there, in no order. */
  names(): Promise<readonly string[]>;
  /** The bytes of a file from `offset` on, at most `length`, fewer only at its end; `undefined` where there is no such file. */
  read(name: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /**
   * Writes `bytes` at `offset`, in place of all that a file has from there on, and makes it if need be. Resolves when they
   * are durable, under that name. After a rejection the file holds what was before `offset`, and any bytes behind it.
   */
  write(name: string, offset: number, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** Lets go of what is open. Never rejects. */
  close(): Promise<void>;
}
