/** The code that the system, OpenSSL or Node gives an error: `ENOENT`, `ECONNREFUSED`; empty when it has none. */
export function codeOf(error: unknown): string {
  const has = typeof error === 'object' && error !== null && 'code' in error;
  return has && typeof error.code === 'string' ? error.code : '';
}

/** Why a file cannot be read, as its user can act on it, for behind a colon. */
export function whyUnreadable(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read it';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return code || 'the system does not say why';
  }
}
