import type { Command } from 'commander';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { usageError } from './exit-codes.js';

/** Help texts write a value that is a path as `<file>`, `<files...>` or `<folder>`. */
const PATH = /<(file|folder)(?:s?\.\.\.)?>/;

/**
 * Refuses an empty path, and a folder where a file is due: an empty path would be the working folder, and reading a
 * folder fails in the system's words, which name no flag.
 *
 * @param folder - The working folder, absolute.
 * @throws ClusterError `invalid-request` naming the flag.
 */
export function requirePaths(command: Command, folder: string): void {
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    requirePath(option.long ?? option.flags, PATH.exec(option.flags)?.[1], value, folder);
  }
  command.registeredArguments.forEach((argument, at) => {
    const name = `<${argument.name()}>`;
    requirePath(name, PATH.exec(name)?.[1], command.processedArgs[at], folder);
  });
}

function requirePath(flag: string, kind: string | undefined, value: unknown, folder: string): void {
  if (kind === undefined) return;
  const paths: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const path of paths) {
    if (typeof path !== 'string') continue;
    if (path === '') throw usageError(`${flag} is empty: it must be the path of a ${kind}`);
    if (kind === 'file' && isFolder(resolve(folder, path)))
      throw usageError(`${flag}: ${path} is a folder: it must be the path of a file`);
  }
}

/** A path that cannot be looked at is none here: reading it says what is wrong. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
