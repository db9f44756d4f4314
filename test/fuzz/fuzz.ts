import { toHex } from '../../src/common/index.js';
import { Rng } from '../simulation/rng.js';
import { keep, readCorpus } from './corpus.js';
import { Finding, judge } from './decoder.js';
import type { Decoder } from './decoder.js';
import { mutate } from './mutate.js';

/** How a run of one decoder went. */
export type FuzzReport = {
  readonly decoder: string;
  readonly runs: number;
  /** Different ways that inputs went, of the corpus and of this run. */
  readonly ways: number;
  /** Inputs that went a way that none in the corpus goes. */
  readonly fresh: readonly string[];
  readonly findings: readonly string[];
};

/** Inputs of one decoder in the corpus. */
const KEPT_MAX = 24;
/** Messages of one codec need fewer. */
const KEPT_MESSAGES_MAX = 6;
const NONE = new Uint8Array(0);

/**
 * Changes seeds and kept inputs, and what came of them, `runs` times. An input that goes a new way becomes one to change
 * further. The same seed and corpus give the same run.
 */
export function fuzz(
  decoder: Decoder,
  runs: number,
  seed: number,
  keepsFresh: boolean,
): FuzzReport {
  const rng = new Rng(seed, `fuzz ${decoder.name}`);
  const corpus = [...readCorpus(decoder.name).values()];
  const keptMax = decoder.name.startsWith('wire-') ? KEPT_MESSAGES_MAX : KEPT_MAX;
  const pool: Uint8Array[] = [];
  const ways = new Set<string>();
  const fresh: string[] = [];
  const findings: string[] = [];
  const tryOne = (bytes: Uint8Array, isKept: boolean) => {
    try {
      const way = judge(decoder, bytes);
      if (ways.has(way)) return;
      ways.add(way);
      pool.push(bytes);
      if (isKept) return;
      fresh.push(toHex(bytes));
      if (keepsFresh && corpus.length + fresh.length <= keptMax) keep(decoder.name, bytes);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      findings.push(error.message);
      if (keepsFresh) keep(decoder.name, bytes);
    }
  };
  for (const bytes of corpus) tryOne(bytes, true);
  for (const bytes of [NONE, ...decoder.seeds()]) {
    tryOne(bytes, false);
    pool.push(bytes);
  }
  for (let run = 0; run < runs; run++) {
    const one = pool[rng.int(pool.length)] ?? NONE;
    const other = pool[rng.int(pool.length)] ?? NONE;
    tryOne(mutate(rng, one, other).slice(), false);
  }
  return { decoder: decoder.name, runs, ways: ways.size, fresh, findings };
}
