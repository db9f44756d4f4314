import pino from 'pino';
import { printable } from '../common/index.js';
import type { LogFields, Logger } from '../ports/index.js';
import { logOutput } from './log-output.js';
import type { LogOutput } from './log-output.js';

/** From the least to the gravest. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that are never meant to be logged. */
const REDACTED = [
  'scalar',
  'share',
  'x',
  'd',
  'e',
  'seed',
  'secret',
  'nonce',
  'polynomial',
  'coefficients',
  'plain',
  'password',
  'passphrase',
  'privateKey',
  'nodeKey',
  'wrappingKey',
  'dataKey',
  'sealingKey',
];

const STANDARD_ERROR = 2;
/** The fields that every line has. */
const LINE_FIELDS = ['level', 'time', 'msg', 'alarm'];

/**
 * One JSON line per event on standard error: `time` (ISO 8601), `level`, `msg`, and the fields. An alarm is an error with
 * `alarm: true`. Texts from other machines are in it: a line has no character that a terminal would act on.
 *
 * @param fields - On every line, for example the node's id.
 */
export function jsonLogger(
  level: LogLevel,
  fields: LogFields = {},
  destination: LogOutput = logOutput(STANDARD_ERROR),
): Logger {
  const lines = pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
    },
    // pino escapes what JSON must, which leaves C1, bidirectional and zero-width characters as they are.
    { write: (line) => destination.write(`${printable(line.trimEnd())}\n`) },
  );
  const taken = new Set([...LINE_FIELDS, ...Object.keys(fields)]);
  const facts = (given: LogFields = {}): LogFields => factsOf(given, taken);
  // Most lines are of a level that is not printed: they must cost nothing.
  const below = (name: LogLevel): boolean => !lines.isLevelEnabled(name);
  return {
    debug: (message, given) => below('debug') || lines.debug(facts(given), message),
    info: (message, given) => below('info') || lines.info(facts(given), message),
    warn: (message, given) => lines.warn(facts(given), message),
    error: (message, given) => lines.error(facts(given), message),
    alarm: (message, given) => lines.error({ ...facts(given), alarm: true }, message),
  };
}

/**
 * The port takes flat facts only. This is the second lock on that door, for what a type assertion let through: bytes, numbers of
 * any size and objects are where secrets are, and a logger would spell them out.
 */
function factsOf(given: LogFields, taken: ReadonlySet<string>): LogFields {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]: [string, unknown]) => [
      // Of a name that is in a line twice most readers keep the last, and the line would seem another node's.
      taken.has(name) ? `${name}_` : name,
      isFact(value) ? value : '[refused]',
    ]),
  );
}

function isFact(value: unknown): value is LogFields[string] {
  return value === undefined || ['string', 'number', 'boolean'].includes(typeof value);
}
