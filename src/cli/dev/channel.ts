import { z } from 'zod';

/** Where a node has bound its ports, `host:port`. */
export type Listening = { readonly client: string; readonly peer: string };

/** What a node says to the process that started it. */
export type FromNode =
  | ({ readonly type: 'listening' } & Listening)
  | { readonly type: 'failed'; readonly reason: string; readonly message: string };

/** What a node is told by the process that started it: where the others listen. */
export type ToNode = { readonly type: 'start'; readonly peers: Readonly<Record<string, string>> };

const fromNode = z.discriminatedUnion('type', [
  z.object({ type: z.literal('listening'), client: z.string(), peer: z.string() }),
  z.object({ type: z.literal('failed'), reason: z.string(), message: z.string() }),
]);
const toNode = z.object({ type: z.literal('start'), peers: z.record(z.string(), z.string()) });

/** A message of a node, or nothing for what is none. */
export function readFromNode(message: unknown): FromNode | undefined {
  return fromNode.safeParse(message).data;
}

/** A message to a node, or nothing for what is none. */
export function readToNode(message: unknown): ToNode | undefined {
  return toNode.safeParse(message).data;
}
