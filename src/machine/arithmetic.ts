import { schemesOver, type Schemes, type Verifiers } from '../algorithms/index.js';
import { groupsBy, verifyingGroupsBy, type BackendNames } from './backends/choice.js';
import { verifiersBy } from './verifiers.js';

/** The tables that a thread computes with, over the packages that the node chose at its start. */
export type Arithmetic = {
  readonly backends: BackendNames;
  readonly schemes: Schemes;
  readonly verifiers: Verifiers;
};

/** By package names. Nodes that are together in one process share the caches of public values. */
const made = new Map<string, Promise<Arithmetic>>();

/** @throws ClusterError `unsupported` when a package does not load in this thread. */
export function arithmeticBy(backends: BackendNames): Promise<Arithmetic> {
  const key = Object.values(backends).join(' ');
  const known = made.get(key);
  if (known !== undefined) return known;
  const making = (async () => {
    const schemes = schemesOver(await groupsBy(backends));
    return { backends, schemes, verifiers: verifiersBy(await verifyingGroupsBy(backends)) };
  })();
  made.set(key, making);
  return making;
}
