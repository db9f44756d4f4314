import { decode, encode } from './decode.js';
import { TaskMessage } from './gen/quorate/peer/v1/task_message.js';

/** The body of a message of a tasks stream, without the level that it names. */
export type TaskMessageBody = Pick<TaskMessage, 'message'>;

/** The feature level that results came with: from it on, the node that waits for a client answers before the log does. */
export const RESULT_LEVEL = 3;

/** The feature level that operators' orders to the leader came with. */
const ORDER_LEVEL = 3;

/** The feature level that the performance monitor came with. */
export const MONITOR_LEVEL = 3;

/** The feature level that each kind of message of a tasks stream came with. */
const TASK_MESSAGE_LEVELS: Readonly<
  Record<NonNullable<TaskMessageBody['message']>['$case'], number>
> = {
  envelope: 1,
  contribution: 1,
  decline: 1,
  wantSupplies: 1,
  freshSupplies: 1,
  forward: 1,
  forwardRefused: 1,
  fact: 1,
  result: RESULT_LEVEL,
  order: ORDER_LEVEL,
  probe: MONITOR_LEVEL,
  probeAnswer: MONITOR_LEVEL,
  observation: MONITOR_LEVEL,
};

/** The bytes of a message of a tasks stream, which name the level that its kind came with. */
export function encodeTaskMessage({ message }: TaskMessageBody): Uint8Array {
  return encode(TaskMessage, {
    level: message === undefined ? 1 : TASK_MESSAGE_LEVELS[message.$case],
    message,
  });
}

/** Reads a message of a tasks stream; `undefined` for what is not canonical, or names another level than its kind's. */
export function decodeTaskMessage(bytes: Uint8Array): TaskMessageBody | undefined {
  const read = decode(TaskMessage, bytes);
  if (read?.message === undefined) return undefined;
  return read.level === TASK_MESSAGE_LEVELS[read.message.$case] ? read : undefined;
}
