import type { Millis } from '../../common/index.js';
import { malformed, TAG } from './der.js';
import type { Der } from './der.js';

/** From this year on a time is a GeneralizedTime, and before it a UTCTime, never otherwise (RFC 5280 §4.1.2.5). */
const GENERALIZED_FROM_YEAR = 2050;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A time in the one spelling that RFC 5280 §4.1.2.5 leaves it: to the second, UTC, no fraction. */
export function readTime(der: Der, what: string): Millis {
  const short = der.next(TAG.utcTime);
  const text = digitsOf(der.take(short ? TAG.utcTime : TAG.generalizedTime, what));
  const match = (
    short
      ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
      : /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
  ).exec(text);
  if (match === null) return malformed(`${what} is not spelled as certificates do`);
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const year = short ? written + (written < 50 ? 2000 : 1900) : written;
  if (!short && year < GENERALIZED_FROM_YEAR) malformed(`${what} should be a UTCTime`);
  const real = day >= 1 && day <= daysOf(year, month) && hour <= 23 && minute <= 59 && second <= 59;
  return real
    ? Date.UTC(year, month - 1, day, hour, minute, second)
    : malformed(`${what} is no time of any calendar`);
}

function digitsOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** 0 for a month that there is not. */
function daysOf(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap && month === 2 ? 29 : (DAYS[month - 1] ?? 0);
}
