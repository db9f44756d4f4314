/**
 * The `quorate` command: everything a person types. One file per group of commands in `commands/`, what they print in
 * `format/`, the local cluster of `quorate dev` in `dev/`. Nothing here knows how signing or agreement works: a command
 * asks the SDK, starts a node, or writes files.
 */
export { run } from './program.js';
export { processContext } from './command-context.js';
export type { CommandContext } from './command-context.js';
