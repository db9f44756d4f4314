/** The only source of randomness. */
export interface Random {
  /** Fresh bytes in an array of their own (never a view into a pool): the caller may wipe or transfer it. */
  bytes(count: number): Uint8Array;
}
