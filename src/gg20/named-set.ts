import type { ParameterSet } from './parameter-set.js';

/** A parameter set by the names of its curve and its profile: what a job carries, since a set itself stays in its thread. */
export type SetName = { readonly curve: string; readonly profile: string };

/** The parameter sets of a computing thread. */
export interface ParameterSets {
  /** @throws Bug for a name that is not in the tables. */
  named(name: SetName): ParameterSet;
}

/** The context of a thread that computes for GG20. */
export type Gg20Context = { readonly gg20: ParameterSets };
