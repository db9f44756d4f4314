import { schemesOver, type Schemes, type Verifiers } from '../algorithms/index.js';
import { gg20Tables, type Gg20Tables } from '../gg20/index.js';
import { groupsBy, verifyingGroupsBy, type BackendNames } from './backends/choice.js';
import { verifiersBy } from './verifiers.js';

/** The tables that a thread computes with, over the packages that the node chose at its start. */
export type Arithmetic = {
  readonly backends: BackendNames;
  readonly schemes: Schemes;
  readonly verifiers: Verifiers;
  readonly gg20: Gg20Tables;
};

/** By package names. Nodes that are together in one process share the caches of public values. */
const made = new Map<string, Promise<Arithmetic>>();

/** @throws ClusterError `unsupported` when a package does not load in this thread. */
export function arithmeticBy(backends: BackendNames): Promise<Arithmetic> {
  const key = Object.values(backends).join(' ');
  const known = made.get(key);
  if (known !== undefined) return known;
  const making = (async () => {
    const groups = await groupsBy(backends);
    const verifiers = verifiersBy(await verifyingGroupsBy(backends));
    return { backends, schemes: schemesOver(groups), verifiers, gg20: gg20Tables(groups) };
  })();
  made.set(key, making);
  return making;
}
