import { assert } from '../common/index.js';
import type { Groups } from '../crypto/index.js';
import { curvesOver, type CurveName } from './curve.js';
import type { ParameterSets } from './named-set.js';
import { parameterSet, type ParameterSet } from './parameter-set.js';
import { PROFILES, type ProfileName } from './profile.js';

const CURVE_NAMES: readonly string[] = ['secp256k1', 'P-256'] satisfies readonly CurveName[];

/** The sets of both curves and both profiles, computed by these groups. */
export function parameterSetsOver(groups: Groups): ParameterSets {
  const curves = curvesOver(groups);
  const made = new Map<string, ParameterSet>();
  return {
    named({ curve, profile }) {
      assert(isCurveName(curve) && isProfileName(profile), `${curve} ${profile}: a parameter set`);
      const name = `${curve} ${profile}`;
      const set = made.get(name) ?? parameterSet(curves[curve], PROFILES[profile]);
      made.set(name, set);
      return set;
    },
  };
}

function isCurveName(name: string): name is CurveName {
  return CURVE_NAMES.includes(name);
}

function isProfileName(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}
