import type { Group } from '../../crypto/index.js';

/** How a backend's code is compiled. */
export type BackendKind = 'native' | 'wasm' | 'javascript';

/** A library that a curve's group can be computed by. */
export type CurveBackend = {
  /** The package. */
  readonly name: string;
  readonly kind: BackendKind;
  /** A group with caches of its own. @throws where the package is missing, or has no binary for this machine. */
  readonly load: () => Group<unknown> | Promise<Group<unknown>>;
};
