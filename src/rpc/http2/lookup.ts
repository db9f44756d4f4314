import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { LOOKUP_CALLERS_MAX } from '../limits.js';

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;
type Lookup = (host: string, options: LookupOptions, callback: Callback) => void;

/**
 * Asks the system for a name once at a time, however often it is dialled meanwhile. A resolver that does not answer holds a
 * thread of Node's pool until it gives up, and nothing can take that back; two at once, and no other name would be found.
 *
 * @param lookup - The system's `getaddrinfo`.
 */
export function sharedLookup(lookup: Lookup = systemLookup): LookupFunction {
  const asked = new Map<string, Callback[]>();
  return (host, options, callback) => {
    const { family, hints, all } = options;
    const key = JSON.stringify([host, family, hints, all]);
    const waiting = asked.get(key);
    if (waiting !== undefined) {
      waiting.push(callback);
      // The dials that came first were given up long ago.
      if (waiting.length > LOOKUP_CALLERS_MAX) waiting.shift();
      return;
    }
    const callers = [callback];
    asked.set(key, callers);
    lookup(host, options, (...answer) => {
      asked.delete(key);
      for (const each of callers) each(...answer);
    });
  };
}
