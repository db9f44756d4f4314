import { frostSuites, type Suites } from '../../../src/frost/index.js';
import { arithmeticBy, chooseBackends, type Arithmetic } from '../../../src/machine/index.js';
import { groupsBy } from '../../../src/machine/backends/choice.js';

export type KindOfArithmetic = {
  readonly kind: 'native' | 'wasm' | 'javascript';
  /** With caches of their own. */
  readonly suites: Suites;
  readonly arithmetic: Arithmetic;
};

/** FROST over the backends of each kind. A machine without one of them fails here. */
export const KINDS_OF_ARITHMETIC: readonly KindOfArithmetic[] = await Promise.all(
  (['native', 'wasm', 'javascript'] as const).map(async (kind) => {
    const { names } = await chooseBackends(kind);
    const suites = frostSuites(await groupsBy(names));
    return { kind, suites, arithmetic: await arithmeticBy(names) };
  }),
);
