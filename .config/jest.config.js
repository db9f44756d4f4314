/** @type {import("jest").Config} */
export default {
  // A machine that is busy with other things is no failure.
  testTimeout: 30_000,
  rootDir: '..',
  testEnvironment: 'node',
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  coverageProvider: 'v8',
  collectCoverageFrom: ['<rootDir>/dist/src/**/*.js', '!**/gen/**'],
  reporters: ['default', '<rootDir>/.config/jest-total.js'],
};
