import { hostKindOf, splitAddress } from '../machine/index.js';
import { usageError } from './exit-codes.js';

/** Hosts of nodes, and the port of their clients where it was given. */
export type Hosts = ReadonlyMap<
  string,
  { readonly names: readonly string[]; readonly port?: number }
>;

/** The port for the other nodes is the one after that for clients. */
export const PEER_PORT_STEP = 1;
const PORT_MAX = 65_535;

/** Reads `--host node=host`, or `node=host:port`, once for each name of a node. */
export function hostArgument(text: string, before: Hosts = new Map()): Hosts {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw usageError(`--host must be node=host, for example node-1=a.example.org, not "${text}"`);
  }
  const [id, written] = [text.slice(0, at), text.slice(at + 1)];
  // An IPv6 address has a port only behind brackets.
  const address = hostKindOf(written) === undefined ? splitAddress(written) : undefined;
  const known = before.get(id);
  if (address !== undefined && known?.port !== undefined && known.port !== address.port)
    throw usageError(`--host: ${id} has two ports, ${known.port} and ${address.port}`);
  const port = address?.port ?? known?.port;
  if (port !== undefined && (port < 1 || port + PEER_PORT_STEP > PORT_MAX))
    throw usageError(`--host: the port ${port} must be from 1 to ${PORT_MAX - PEER_PORT_STEP}`);
  const names = [...(known?.names ?? []), address?.host ?? written];
  return new Map([...before, [id, { names, ...(port !== undefined && { port }) }]]);
}
