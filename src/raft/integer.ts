/** A uint64 that a number can hold, else NaN. */
export function integer(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : NaN;
}
