import { resolve } from 'node:path';
import { existsSync } from 'node:fs';
import type { ChainEnd, ReadableFiles } from '../audit/index.js';
import { ClusterError, fromHex, wordsOf } from '../common/index.js';
import { auditPathOf, readAuditFiles, storePathsOf } from '../machine/index.js';
import { readAuditHead } from '../store/index.js';
import type { CommandContext } from './command-context.js';
import { usageError } from './exit-codes.js';
import { nodeConfig } from './node-config.js';

export type PlaceFlags = {
  readonly config?: string;
  readonly dir?: string;
  readonly end?: ChainEnd;
};

/** An audit log, and the end that it should have as far as that is known. */
export type AuditPlace = {
  readonly folder: string;
  readonly files: ReadableFiles;
  readonly end: ChainEnd | undefined;
  /** Where the end is known from, or why it is not known. */
  readonly source: string;
};

/**
 * Finds the audit log that a command is about.
 *
 * @throws ClusterError `not-found` (`NO_AUDIT_LOG`) where there is none; as the configuration's reading does.
 */
export async function findAuditLog(
  flags: PlaceFlags,
  context: CommandContext,
): Promise<AuditPlace> {
  const dataDir = flags.dir === undefined ? nodeConfig(context, flags.config).dataDir : undefined;
  const folder =
    dataDir === undefined ? resolve(context.folder, flags.dir ?? '') : auditPathOf(dataDir);
  if (!existsSync(folder)) {
    throw new ClusterError(
      'not-found',
      `There is no audit log in ${folder}: a node makes it in its data directory, as audit/, when it runs`,
      { reason: 'NO_AUDIT_LOG' },
    );
  }
  const files = readAuditFiles(folder);
  if (flags.end !== undefined) return { folder, files, end: flags.end, source: '--end' };
  if (dataDir === undefined) {
    const source = 'copies of files do not say how far the log should go';
    return { folder, files, end: undefined, source };
  }
  return { folder, files, ...(await endInStore(dataDir)) };
}

/** Reads `--end`: `line:hash`, as `audit verify` prints it. */
export function endArgument(text: string): ChainEnd {
  const [, line = '', hex = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  const hash = fromHex(hex);
  if (line === '' || hash === undefined) {
    throw usageError(`--end must be line:hash, as \`audit verify\` prints it, not "${text}"`);
  }
  return { line: Number(line), hash };
}

async function endInStore(dataDir: string): Promise<Pick<AuditPlace, 'end' | 'source'>> {
  const { logPath } = storePathsOf(dataDir);
  try {
    const end = await readAuditHead(logPath);
    return end === undefined
      ? { end, source: `the store ${logPath} knows of no audit log` }
      : { end, source: `the store ${logPath}` };
  } catch (error) {
    return { end: undefined, source: `the store ${logPath} cannot be read: ${wordsOf(error)}` };
  }
}
