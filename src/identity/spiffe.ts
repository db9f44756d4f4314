/** The roles of certificates (`docs/architecture.md`, words). */
export type Role = 'tee' | 'mesh' | 'app' | 'operator' | 'auditor';

/** The holder that a certificate names. */
export type Identity = {
  /** `spiffe://quorate/<role>/<name>`. */
  readonly spiffeId: string;
  readonly role: Role;
  /** For nodes, the node id. */
  readonly name: string;
};

const ROLES: Readonly<Record<string, Role>> = {
  tee: 'tee',
  mesh: 'mesh',
  app: 'app',
  operator: 'operator',
  auditor: 'auditor',
};

const SPIFFE = /^spiffe:\/\/quorate\/(tee|mesh|app|operator|auditor)\/([a-z0-9][a-z0-9_-]{0,62})$/;

/** Reads `spiffe://quorate/<role>/<name>`; `undefined` for every other spelling (case, port, query, trailing slash). */
export function parseSpiffe(text: string): Identity | undefined {
  const [, word, name] = SPIFFE.exec(text) ?? [];
  const role = word === undefined ? undefined : ROLES[word];
  return role === undefined || name === undefined ? undefined : { spiffeId: text, role, name };
}
