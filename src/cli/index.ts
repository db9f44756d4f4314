/**
 * The `quorate` command: everything a person types. One file per group of commands in `commands/`, what they print in
 * `format/`, the local cluster of `quorate dev` in `dev/`. Nothing here knows how signing or agreement works: a command
 * asks the SDK, starts a node, or writes files.
 */
export { run } from './program.js';
export { processSurroundings } from './surroundings.js';
export type { Surroundings } from './surroundings.js';
