import { createRequire } from 'node:module';

/** Loads packages that may be missing, or have no binary for this machine. */
export const requirePackage = createRequire(import.meta.url);
