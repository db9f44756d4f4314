/** One of several parts of all points, of which each machine takes another. */
export type Shard = {
  /** 1 to `of`. */
  readonly part: number;
  readonly of: number;
};

const SHARD = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/;

/** Reads `2/3`, the second of three parts; `undefined` for any other text. */
export function shardOf(text: string): Shard | undefined {
  const [, part, of] = SHARD.exec(text) ?? [];
  if (part === undefined || of === undefined || Number(part) > Number(of)) return undefined;
  return { part: Number(part), of: Number(of) };
}

/** Whether the point of this number is in the part. The parts share no point, and have all of them together. */
export function isInShard(number: number, { part, of }: Shard): boolean {
  return number % of === part - 1;
}
