import { frame, PING, PRIORITY, SETTINGS, WINDOW_UPDATE } from '../support/wire/http2-frames.js';
import type { Flood, FloodCounts, Target } from './flood.js';
import { forbidden, keyLists, signing, taskLists, watches } from './kinds/calls.js';
import { silentTcp, silentTls, strangers } from './kinds/connections.js';
import { farExpiry } from './kinds/far-expiry.js';
import { commitments, complaints } from './kinds/members.js';
import { continuation, frames, halfMessages, rapidReset } from './kinds/frames.js';

/** Every flood by its name. A new one is a line here, and a file or a function in kinds/. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  PING: frames(frame(PING, 0, 0, Buffer.alloc(8))),
  SETTINGS: frames(frame(SETTINGS, 0, 0)),
  WINDOW_UPDATE: frames(frame(WINDOW_UPDATE, 0, 0, Buffer.of(0, 0, 0, 1))),
  PRIORITY: frames(frame(PRIORITY, 0, 1, Buffer.of(0, 0, 0, 3, 1))),
  'unknown frames': frames(frame(0xbb, 0, 0, Buffer.alloc(100))),
  CONTINUATION: continuation(),
  'rapid reset': rapidReset(),
  'half messages': halfMessages(),
  'silent TCP': silentTcp,
  'silent TLS': silentTls,
  'handshakes without a certificate': strangers,
  'health watches of random names': watches,
  'calls that a role forbids': forbidden,
  'lists of tasks': taskLists,
  'lists of keys': keyLists,
  Sign: signing,
  'requests that expire in a day': farExpiry,
  'commitments of a member': commitments,
  'complaints of a member': complaints,
};

export function floodNamed(name: string): Flood {
  const flood = FLOODS[name];
  if (flood === undefined)
    throw new Error(`There is no flood ${name}: ${Object.keys(FLOODS).join(', ')}`);
  return flood;
}

/** Sends the flood for as long as the target says, with a new connection whenever one is closed. */
export async function runFlood(name: string, target: Target): Promise<FloodCounts> {
  const counts = { connections: 0, closed: 0, bytes: 0, streams: 0, answered: 0, refused: 0 };
  await floodNamed(name).run(target, counts);
  return counts;
}
