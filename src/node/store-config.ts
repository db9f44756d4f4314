import { z } from 'zod';
import { hasPassword, isMongoUri, isUnsafeUri } from '../store/index.js';
import { refuse } from './config-file.js';

/** Where this node's key shares are, and a MongoDB database that they are in, or are moved from or to. */
export type StoreConfig = {
  readonly kind: 'embedded' | 'mongodb';
  readonly mongodb: MongoSettings | undefined;
};

export type MongoSettings = {
  /** A connection string, or the file that holds one; it may hold a password. */
  readonly uri: { readonly text: string } | { readonly file: string };
  readonly database: string;
  /** Paths of PEM files. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
};

/** The variable of the environment that may hold a connection string with a password. */
export const URI_VARIABLE = 'QUORATE_STORE_URI';

const KINDS = ['embedded', 'mongodb'] as const;
const text = z.string({ error: 'must be text: write it in quotes' });
const path = text.min(1, { error: 'must name a file or folder' });

export const storeSchema = z.strictObject({
  kind: z.enum(KINDS, { error: `must be one of ${KINDS.join(', ')}` }),
  uri: text
    .refine(isMongoUri, { error: 'must begin with mongodb:// or mongodb+srv://, without spaces' })
    .refine((uri) => !isUnsafeUri(uri), {
      error: "must not switch off the check of the server's certificate",
    })
    .optional(),
  uri_file: path.optional(),
  database: text
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, {
      error: 'must name a database: letters, digits, _ and -, at most 63, the first no digit',
    })
    .optional(),
  tls_ca: path.optional(),
  tls_cert: path.optional(),
  tls_key: path.optional(),
});

/** How the settings of a configuration were found. */
export type Finding = {
  /** The place of a setting in words; `undefined` where it is not set. */
  readonly whereOf: (setting: string) => string | undefined;
  readonly absolute: (setting: string, written: string) => string;
  /** @throws ClusterError A setting is missing. */
  readonly missing: (setting: string) => never;
};

/**
 * The part of a configuration that is about the store of key shares.
 *
 * @throws ClusterError `invalid-request` when something is missing, or a password stands where others can read it.
 */
export function storeConfig(
  given: z.infer<typeof storeSchema>,
  { whereOf, absolute, missing }: Finding,
): StoreConfig {
  const { kind, database } = given;
  const uri = uriOf(given, { whereOf, absolute, missing });
  if (uri === undefined && (kind === 'mongodb' || database !== undefined)) missing('store.uri');
  if (uri === undefined) return { kind, mongodb: undefined };
  if (database === undefined) return missing('store.database');
  const file = (setting: string, written: string | undefined) =>
    written === undefined ? undefined : absolute(setting, written);
  const cert = file('store.tls_cert', given.tls_cert);
  const key = file('store.tls_key', given.tls_key);
  if (cert !== undefined && key === undefined) missing('store.tls_key');
  if (key !== undefined && cert === undefined) missing('store.tls_cert');
  return {
    kind,
    mongodb: { uri, database, tls: { ca: file('store.tls_ca', given.tls_ca), cert, key } },
  };
}

function uriOf(
  { uri, uri_file: file }: z.infer<typeof storeSchema>,
  { whereOf, absolute }: Finding,
): MongoSettings['uri'] | undefined {
  if (file !== undefined) return { file: absolute('store.uri_file', file) };
  if (uri === undefined) return undefined;
  const where = whereOf('store.uri') ?? 'the configuration';
  if (hasPassword(uri) && where !== URI_VARIABLE)
    throw refuse(
      where,
      `store.uri: must not hold a password here, where others can read it: write the string into a file of mode 0600 and ` +
        `name that as store.uri_file, or give it as ${URI_VARIABLE}`,
      undefined,
      'store.uri',
    );
  return { text: uri };
}
