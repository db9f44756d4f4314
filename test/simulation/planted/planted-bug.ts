import type { Edit } from '../../support/patches/edit.js';

/**
 * What shows a mistake: consensus alone, or with an election always under way, or with figure 8 of the paper played, or with
 * most of the log on disk alone, or ending at checkpoints, or with signed words and an election always under way; whole nodes,
 * or these with old disks put back; or these beside a malicious one, or one that lies in its statements on keys alone. All
 * again with keys for threshold ECDSA, where the one lie is in answers to nonces; or with presignatures besides; or one crash
 * at a time: seeds are the numbers of crash points then. Or whole nodes whose keys are reshared, retired and destroyed, of
 * FROST, also beside a malicious one, or of threshold ECDSA.
 */
export type Where =
  | 'consensus'
  | 'elections'
  | 'figure eight'
  | 'small memory'
  | 'snapshots'
  | 'signed words'
  | 'old disks'
  | 'faults'
  | 'byzantine'
  | 'false statements'
  | 'gg20'
  | 'gg20 byzantine'
  | 'false answers'
  | 'presign'
  | 'presign false answers'
  | 'crash points'
  | 'lives'
  | 'lives byzantine'
  | 'gg20 lives';

/** A mistake that somebody could make, and how many seeds it may take to show. */
export type PlantedBug = {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly where: Where;
  /** The first seed that is tried: mistakes that few seeds show begin near one that does. */
  readonly first: number;
  /** It must show within so many. */
  readonly seeds: number;
  /** The checker that must be among those that speak up: the one that this mistake shows to see. */
  readonly by?: string;
};
