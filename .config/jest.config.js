import { availableParallelism } from 'node:os';

/** @type {import("jest").Config} */
export default {
  // A machine that is busy with other things is no failure.
  testTimeout: 120_000,
  rootDir: '..',
  // Two cores are two workers, and more cores more. Suites of whole clusters use more than one core for moments.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  testSequencer: '<rootDir>/.config/jest-sequencer.js',
  testEnvironment: 'node',
  roots: ['<rootDir>/dist/test'],
  testMatch: ['**/*.test.js'],
  transform: {},
  coverageProvider: 'v8',
  collectCoverageFrom: ['<rootDir>/dist/src/**/*.js', '!**/gen/**'],
  reporters: ['default', '<rootDir>/.config/jest-total.js'],
};
