import { PREPARE_CURVE } from '../../gg20/index.js';
import type { Gg20Tables, ParameterSet } from '../../gg20/index.js';
import { PROFILE_NAMES } from '../../identity/index.js';
import type { SetProfile } from '../../identity/index.js';

/** The parameter set in which material of a profile is made and proved. */
export function preparingSet(gg20: Gg20Tables, profile: SetProfile): ParameterSet {
  return gg20.parameterSet(`${PREPARE_CURVE}/${PROFILE_NAMES[profile]}`);
}
