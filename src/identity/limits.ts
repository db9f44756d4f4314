/** Numbers that decide outcomes, and so stand in the genesis and not in a node's configuration. */
export type Limits = {
  /** Key generations that are open at once. */
  readonly openGenerateTasksMax: number;
  /** Signings that are open at once. */
  readonly openSignTasksMax: number;
  /** Request ids that are remembered at once. */
  readonly requestIdsMax: number;
  readonly keysMax: number;
};

/** The name of each limit in `cluster.json`. */
export const LIMIT_NAMES: Readonly<Record<keyof Limits, string>> = {
  openGenerateTasksMax: 'open_generate_tasks_max',
  openSignTasksMax: 'open_sign_tasks_max',
  requestIdsMax: 'request_ids_max',
  keysMax: 'keys_max',
};

/** The highest number that a genesis may name. The lowest is 1. */
export const LIMIT_CEILINGS: Limits = {
  openGenerateTasksMax: 1_000,
  openSignTasksMax: 100_000,
  requestIdsMax: 2_000_000,
  keysMax: 1_000_000,
};

/** The default limits, which `quorate certs init` writes. */
export const DEFAULT_LIMITS: Limits = {
  openGenerateTasksMax: 64,
  openSignTasksMax: 4_096,
  requestIdsMax: 2_000_000,
  keysMax: 100_000,
};

/** Of a requester's chain, in an entry or in a call's metadata. */
export const CERTIFICATES_MAX = 3;
export const CHAIN_BYTES_MAX = 4 * 1024;
/** Of a certificate's number. RFC 5280 §4.1.2.2. */
export const SERIAL_BYTES_MAX = 20;
/** Of one certificate. */
export const EXTENSIONS_MAX = 16;
/** Verdicts on chains that a node keeps: each costs half a millisecond to make anew. */
export const CHAINS_REMEMBERED_MAX = 1_024;
