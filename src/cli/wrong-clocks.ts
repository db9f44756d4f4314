import type { ConnectionFlags } from './connection.js';
import type { CommandContext } from './command-context.js';
import { askEachEndpoint } from './each-endpoint.js';
import { clockWarnings } from './format/members.js';
import { CLOCKS_MS } from './limits.js';

/** A line for each node whose clock is away from those of the others, of the nodes that answer soon. */
export async function wrongClocks(
  flags: ConnectionFlags,
  context: CommandContext,
): Promise<readonly string[]> {
  return clockWarnings(await askEachEndpoint({ ...flags, timeout: CLOCKS_MS }, context));
}
