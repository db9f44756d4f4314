import type { Edit } from '../../support/patches/edit.js';

/**
 * What shows a mistake: consensus alone, or with an election always under way, or with most of the log on disk alone; whole nodes; or
 * these beside a malicious one. Both again with keys for threshold ECDSA; or one crash at a time: seeds are the numbers of crash
 * points then. Or whole nodes whose keys are reshared, retired and destroyed.
 */
export type Where =
  | 'consensus'
  | 'elections'
  | 'small memory'
  | 'faults'
  | 'byzantine'
  | 'gg20'
  | 'gg20 byzantine'
  | 'crash points'
  | 'lives';

/** A mistake that somebody could make, and how many seeds it may take to show. */
export type PlantedBug = {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly where: Where;
  /** The first seed that is tried: mistakes that few seeds show begin near one that does. */
  readonly first: number;
  /** It must show within so many. */
  readonly seeds: number;
  /** Not in every run of the tests, but in the longer lane. */
  readonly isRare?: true;
};
