import type { Edit } from '../../support/patches/edit.js';

/** A mistake that somebody could make, and how many seeds it may take to show. */
export type PlantedBug = {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What shows it: consensus alone, or with an election always under way; whole nodes; or these beside a malicious one. */
  readonly where: 'consensus' | 'elections' | 'faults' | 'byzantine';
  /** The first seed that is tried: mistakes that few seeds show begin near one that does. */
  readonly first: number;
  /** It must show within so many. */
  readonly seeds: number;
  /** Not in every run of the tests, but in the longer lane. */
  readonly isRare?: true;
};
