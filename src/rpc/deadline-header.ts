import type { IncomingHttpHeaders } from 'node:http2';
import { DEADLINE_SECONDS_MAX } from './limits.js';

const HEADER = 'grpc-timeout';
/** As grpc-js reads it: TimeoutValue and TimeoutUnit of gRPC over HTTP/2. */
const TIMEOUT = /(\d{1,8})\s*([HMSmun])/;
const SECONDS: Readonly<Record<string, number>> = {
  H: 3_600,
  M: 60,
  S: 1,
  m: 1e-3,
  u: 1e-6,
  n: 1e-9,
};

/**
 * Makes a longer deadline the longest one, {@link DEADLINE_SECONDS_MAX}. grpc-js reads the header as milliseconds in 32
 * bits: 25 days are a deadline in the past to it, and 100 years are any.
 */
export function clipDeadline(headers: IncomingHttpHeaders): void {
  const [, value, unit = ''] = TIMEOUT.exec(String(headers[HEADER] ?? '')) ?? [];
  if (Number(value) * (SECONDS[unit] ?? 0) > DEADLINE_SECONDS_MAX)
    headers[HEADER] = `${DEADLINE_SECONDS_MAX}S`;
}
