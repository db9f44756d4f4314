import { z } from 'zod';
import type { Watched } from './watch.js';

/** Where a node has bound its ports, `host:port`. */
export type Listening = { readonly client: string; readonly peer: string };

/** The messages of a node to the process that started it. */
export type FromNode =
  | ({ readonly type: 'listening' } & Listening)
  | { readonly type: 'failed'; readonly reason: string; readonly message: string }
  | ({ readonly type: 'watched' } & Watched);

/**
 * The messages to a node of the process that started it: the addresses of the others; a request for its measurements.
 */
export type ToNode =
  | { readonly type: 'start'; readonly peers: Readonly<Record<string, string>> }
  | { readonly type: 'watch' };

const fromNode = z.discriminatedUnion('type', [
  z.object({ type: z.literal('listening'), client: z.string(), peer: z.string() }),
  z.object({ type: z.literal('failed'), reason: z.string(), message: z.string() }),
  z.object({
    type: z.literal('watched'),
    delayP50Ms: z.number(),
    delayP99Ms: z.number(),
    delayMaxMs: z.number(),
    cpuMs: z.number(),
    heapBytes: z.number(),
    messages: z.number(),
    frames: z.number(),
    bytes: z.number(),
    writes: z.number(),
  }),
]);
const toNode = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), peers: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('watch') }),
]);

/** A message of a node, or nothing for what is none. */
export function readFromNode(message: unknown): FromNode | undefined {
  return fromNode.safeParse(message).data;
}

/** A message to a node, or nothing for what is none. */
export function readToNode(message: unknown): ToNode | undefined {
  return toNode.safeParse(message).data;
}
