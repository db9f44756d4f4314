import base from './jest.config.js';

/** Lanes of their own, named `*.slow.ts`: `test/README.md` says which, and `.ci/run` runs them all. */
export default { ...base, testTimeout: 600_000, testMatch: ['**/*.slow.js'] };
