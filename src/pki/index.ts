/**
 * Certificates and keys in files: X.509 authorities and leaves as `quorate certs` issues them, and a node's own keys: the
 * node key, from a file or a passphrase, and the identity key that is sealed under it. Nothing here knows what the cluster
 * agrees on.
 */
export {
  alternativeHosts,
  createAuthority,
  createTlsKey,
  issueCertificate,
  issueForKey,
  KEY_TYPES,
} from './certificates.js';
export type { Credential, KeyType, LeafRequest } from './certificates.js';
export { anchorFault } from './anchors.js';
export { newIdentity, openIdentity, requireIdentityFile, resealIdentity } from './identity-file.js';
export type { NewIdentity } from './identity-file.js';
export {
  beginKeyChange,
  finishKeyChange,
  keyChangePathOf,
  openKeyChange,
  openNextKey,
} from './key-change-file.js';
export { readKeyFile } from './key-files.js';
export {
  adoptNextKey,
  isClearKeyFile,
  makeNextKey,
  nextKeyPathOf,
  openKeyFile,
} from './node-key-file.js';
export type { KeyFileWay } from './node-key-file.js';
export { createNodeKey, keyChangeKeyOf, nodeKeyOf, wrappingKeyOf } from './node-key.js';
export { keyFileWay, loadNodeKey, takeVariable } from './node-key-source.js';
export type { Environment, NodeKeySource } from './node-key-source.js';
export { readCertificates, readPrivateKey } from './pem.js';
export { newPassphraseKey } from './passphrase.js';
export type { PassphraseHeader } from './passphrase.js';
