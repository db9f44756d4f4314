import { isId, nodeId } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import { splitAddress } from '../../machine/index.js';
import { usageError } from '../exit-codes.js';
import { parseDuration } from '../format/values.js';

/** The longest that a timer of Node waits. */
const WAIT_MS_MAX: Millis = 2 ** 31 - 1;

/** Reads a flag that is a node id. */
export function idArgument(flag: string): (text: string) => NodeId {
  return (text) => {
    if (isId(text)) return nodeId(text);
    throw usageError(`${flag}: "${text}" must be lower-case letters, digits, _ and -, at most 63`);
  };
}

/** Reads a flag that is an address. */
export function addressArgument(flag: string): (text: string) => string {
  return (text) => {
    if (splitAddress(text) !== undefined) return text;
    throw usageError(`${flag} must be host:port, not "${text}"`);
  };
}

/** Collects `id=host:port`, each id once. */
export function nodeAddressArgument(flag: string) {
  return (text: string, before: ReadonlyMap<NodeId, string> = new Map()) => {
    const [, id = '', address = ''] = /^([^=]*)=(.*)$/.exec(text) ?? [];
    if (!isId(id) || splitAddress(address) === undefined)
      throw usageError(`${flag} must be id=host:port, not "${text}"`);
    if (before.has(nodeId(id))) throw usageError(`${flag}: ${id} is named twice`);
    return new Map([...before, [nodeId(id), address]]);
  };
}

/** Reads a time to wait, in milliseconds. */
export function waitArgument(flag: string): (text: string) => Millis {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0 && ms <= WAIT_MS_MAX) return ms;
    throw usageError(`${flag} must be a time such as 30s or 10m, at most 24d, not "${text}"`);
  };
}
