import pino from 'pino';
import type { DestinationStream } from 'pino';
import type { LogFields, Logger } from '../ports/index.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Fields that nobody means to log. The port takes only flat facts and no bytes; this is the second lock on that door.
 */
const REDACTED = [
  'scalar',
  'share',
  'seed',
  'secret',
  'nonce',
  'passphrase',
  'privateKey',
  'nodeKey',
  'wrappingKey',
];

const STANDARD_ERROR = 2;

/**
 * One JSON line per event on standard error: `time` (ISO 8601), `level`, `msg`, and the fields. An alarm is an error with
 * `alarm: true`.
 *
 * @param fields - On every line, for example the node's id.
 */
export function jsonLogger(
  level: LogLevel,
  fields: LogFields = {},
  destination: DestinationStream = pino.destination({ fd: STANDARD_ERROR, sync: true }),
): Logger {
  const lines = pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
    },
    destination,
  );
  return {
    debug: (message, facts = {}) => lines.debug(facts, message),
    info: (message, facts = {}) => lines.info(facts, message),
    warn: (message, facts = {}) => lines.warn(facts, message),
    error: (message, facts = {}) => lines.error(facts, message),
    alarm: (message, facts = {}) => lines.error({ ...facts, alarm: true }, message),
  };
}
