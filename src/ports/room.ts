/**
 * What a node's disk has room for. `enough`: everything. `low`: what is under way, and nothing new. `none`: votes, terms and
 * what is agreed already; no entry of the log is taken.
 */
export type RoomLevel = 'enough' | 'low' | 'none';

/** The room on the disks that a node writes to. */
export interface Room {
  /** As it is now, or was a moment ago; synchronous and cheap. Never throws. */
  look(): RoomLevel;
  /** Of the fullest of the disks; `undefined` where that is not known. */
  freeBytes(): number | undefined;
}

/** A disk that never fills, for nodes without one. */
export const BOUNDLESS: Room = { look: () => 'enough', freeBytes: () => undefined };
