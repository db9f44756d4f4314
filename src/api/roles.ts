import type { Role } from '../identity/index.js';

/** The roles of callers that may see, within the rule of `visibility.ts`. */
export const READERS: readonly Role[] = ['auditor', 'app', 'operator'];
/** Those that may ask for something to be done. */
export const REQUESTERS: readonly Role[] = ['app', 'operator'];
export const OPERATORS: readonly Role[] = ['operator'];
/** Those that see all. */
export const OVERSEERS: readonly Role[] = ['auditor', 'operator'];
