import { PARENT_LOOK_MS } from '../limits.js';

/**
 * Calls `ended` once when the process that started this one is gone. A process under npm ends with npm: the person who killed
 * npm sees nothing else to end. SIGKILL cannot be passed on, so the parent is looked at.
 */
export function whenParentEnds(ended: () => void): void {
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    ended();
  }, PARENT_LOOK_MS);
  looking.unref();
}
