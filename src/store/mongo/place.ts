/** A database of a MongoDB server, and how to get there. */
export type MongoPlace = {
  /** A connection string. It may hold a password, and is never told. */
  readonly uri: string;
  readonly database: string;
  /** PEM: authorities to trust; this client's certificate chain with its key, by which it can authenticate itself. */
  readonly tls?: {
    readonly ca?: Uint8Array | undefined;
    readonly cert?: Uint8Array | undefined;
    readonly key?: Uint8Array | undefined;
  };
};

const SCHEME = /^mongodb(\+srv)?:\/\//;
/** With these, an attacker on the way could hide shares, and read a password. */
const UNSAFE = /[?&](tlsInsecure|tlsAllowInvalidCertificates|tlsAllowInvalidHostnames)=true/i;

/** Claims that a text has the form of a connection string. The driver has the last word. */
export function isMongoUri(text: string): boolean {
  return SCHEME.test(text) && !/\s/.test(text);
}

/** Claims that the server's certificate would not be checked. */
export function isUnsafeUri(text: string): boolean {
  return UNSAFE.test(text);
}

/** Claims that a connection string holds a password. */
export function hasPassword(uri: string): boolean {
  return passwordOf(uri) !== undefined;
}

/** `text` without the password of `uri`, however it is spelled there. */
export function withoutPassword(text: string, uri: string): string {
  const password = passwordOf(uri);
  if (password === undefined || password === '') return text;
  return [...new Set([uri, password, decoded(password)])].reduce(
    (left, secret) => left.replaceAll(secret, '***'),
    text,
  );
}

/** Everything between the scheme and the last `@` before a path is a user's name and a password. */
function passwordOf(uri: string): string | undefined {
  const [authority = ''] = uri.replace(SCHEME, '').split(/[/?]/, 1);
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  const at = user.indexOf(':');
  return at < 0 ? undefined : user.slice(at + 1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
