/** The code that the system, OpenSSL or Node gives an error: `ENOENT`, `ECONNREFUSED`; empty when it has none. */
export function codeOf(error: unknown): string {
  const has = typeof error === 'object' && error !== null && 'code' in error;
  return has && typeof error.code === 'string' ? error.code : '';
}
