import { readConfig } from '../node/index.js';
import type { ConfigSources, NodeConfig } from '../node/index.js';
import type { CommandContext } from './command-context.js';

/**
 * The configuration of the node that a command is about: of the file that `--config` or QUORATE_CONFIG names, the environment, and
 * flags.
 *
 * @throws ClusterError as {@link readConfig} does.
 */
export function nodeConfig(
  { environment, folder }: CommandContext,
  file: string | undefined,
  flags?: ConfigSources['flags'],
): NodeConfig {
  return readConfig({
    file: file ?? (environment['QUORATE_CONFIG'] || undefined),
    ...(flags && { flags }),
    environment,
    workingFolder: folder,
  });
}
