/** The variable that names the folder which nodes write their marks into. */
export const MARKS_FOLDER = 'TIMELINE_MARKS';

/** Something that happened at a node. */
export type Mark = {
  /** Of the machine's monotonic clock, which all its processes share. */
  readonly atMs: number;
  readonly node: string;
  readonly what: string;
  /** Of a message that came: its sender. */
  readonly from?: string;
  /** Of a frame: its receiver, its bytes, and the names of what it carries. */
  readonly to?: string;
  readonly bytes?: number;
  readonly messages?: readonly string[];
};

/** Milliseconds of the machine's monotonic clock. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
