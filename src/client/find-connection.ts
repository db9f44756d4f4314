import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf } from '../common/index.js';
import {
  CLIENT_FILE,
  DEV_FOLDER,
  isFolder,
  OPERATOR_FOLDER,
  readClientFile,
  usage,
} from './client-file.js';
import type { Connection } from './client-file.js';

/** Settings that were given outright; paths are relative to the working folder. */
export type GivenSettings = {
  readonly [Name in keyof Connection]?: Connection[Name] | undefined;
} & { readonly clientFile?: string | undefined };

/** Where the rest is looked for. */
export type SearchPlace = {
  /** `QUORATE_…`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The working folder, absolute. */
  readonly folder: string;
  /** Only what was given counts, and the client file that was given. */
  readonly namedOnly?: boolean | undefined;
};

export type Setting = keyof Connection;

/** The errors of a search, in the words of its caller. */
export type SearchErrors = {
  missing(setting: Setting, variable: string): Error;
  /** @param fault - In words: there is no file of that path, or it is a folder's. */
  noFile(setting: Setting, fault: string): Error;
};

/** The variable of each setting. */
const VARIABLES: Readonly<Record<Setting, string>> = {
  endpoints: 'QUORATE_ENDPOINTS',
  ca: 'QUORATE_CA',
  cert: 'QUORATE_CERT',
  key: 'QUORATE_KEY',
  clusterFile: 'QUORATE_CLUSTER_FILE',
  requesters: 'QUORATE_REQUESTERS',
};
const CLIENT_FILE_VARIABLE = 'QUORATE_CLIENT_FILE';

/**
 * Finds out where the cluster is: each setting as given, else from its variable, else from the client file, which is the
 * one given, else that of `QUORATE_CLIENT_FILE`, else that of the development cluster in the working folder.
 *
 * @throws QuorateError `invalid-request` USAGE for a client file that is none; `errors` for the rest.
 */
export function findConnection(
  given: GivenSettings,
  { environment, folder, namedOnly = false }: SearchPlace,
  errors: SearchErrors,
): Connection {
  const variable = (name: string) => (namedOnly ? undefined : environment[name] || undefined);
  const named = given.clientFile ?? variable(CLIENT_FILE_VARIABLE);
  const dev = namedOnly ? undefined : devClientFile(folder);
  if (named === '') throw usage('The path of the client file is empty');
  const found = named === undefined ? dev : resolve(folder, named);
  const fallback = found === undefined ? undefined : readClientFile(found);

  const file = (setting: 'ca' | 'cert' | 'key' | 'clusterFile'): string => {
    const path = given[setting] ?? variable(VARIABLES[setting]);
    const place = path === undefined ? fallback?.[setting] : resolve(folder, path);
    if (place === undefined) throw errors.missing(setting, VARIABLES[setting]);
    if (path === '') throw errors.noFile(setting, 'is empty: it must be the path of a file');
    if (isAbsent(place)) throw errors.noFile(setting, `there is no file ${place}`);
    if (isFolder(place)) throw errors.noFile(setting, `${place} is a folder, not a file`);
    return place;
  };
  const endpoints = given.endpoints ?? listOf(variable(VARIABLES.endpoints)) ?? fallback?.endpoints;
  if (endpoints === undefined) throw errors.missing('endpoints', VARIABLES.endpoints);
  const requesters =
    given.requesters ?? listOf(variable(VARIABLES.requesters)) ?? fallback?.requesters;
  return {
    endpoints,
    ca: file('ca'),
    cert: file('cert'),
    key: file('key'),
    clusterFile: file('clusterFile'),
    ...(requesters !== undefined && { requesters }),
  };
}

/** The client file of the development cluster in `folder`, when there is one. */
function devClientFile(folder: string): string | undefined {
  const file = join(folder, DEV_FOLDER, OPERATOR_FOLDER, CLIENT_FILE);
  return isAbsent(file) ? undefined : file;
}

/** Claims that there is no such file. One that cannot be looked at may be there: reading it says what is wrong. */
function isAbsent(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

function listOf(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(',')
    .map((each) => each.trim())
    .filter(Boolean);
}

/** The library's own words. */
export const LIBRARY_ERRORS: SearchErrors = {
  missing: (setting, variable) =>
    usage(
      `Which cluster? Give the path of a client.json, or set ${CLIENT_FILE_VARIABLE}. There is no ` +
        `${DEV_FOLDER} in the working folder, and "${setting}" is not in ${variable} either`,
    ),
  noFile: (setting, fault) => usage(`"${setting}": ${fault}`),
};
