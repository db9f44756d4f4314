import { FILES_KEPT } from '../audit/index.js';

/** One thing that can be set about a node: in its file, by an environment variable, by a flag. */
export type Setting = {
  /** Where it stands in the file, for example `client.listen`. */
  readonly path: string;
  readonly environment: string;
  readonly flag: string;
  /** The value that the flag takes, for the help text. */
  readonly value: string;
  readonly meaning: string;
  readonly fallback?: string;
  /** A path of the file system: relative to the file's folder in the file, to the working directory elsewhere. */
  readonly isPath?: true;
  /** One of several ways to say the same: the strongest source that has any of them must have one, and that one counts. */
  readonly wayOf?: 'node_key' | 'store_uri';
  /** Names the place of a secret. Operators write the secret itself there by mistake, so it is never shown. */
  readonly isDelicate?: true;
};

/** Everything that can be set, in the order in which the help text and the example file show it. */
export const SETTINGS: readonly Setting[] = [
  {
    path: 'node_id',
    environment: 'QUORATE_NODE_ID',
    flag: '--node-id',
    value: 'id',
    meaning: 'this node, as cluster.json names it',
  },
  {
    path: 'data_dir',
    environment: 'QUORATE_DATA_DIR',
    flag: '--data-dir',
    value: 'folder',
    meaning: 'log, state, sealed key shares',
    fallback: 'data',
    isPath: true,
  },
  {
    path: 'cluster_file',
    environment: 'QUORATE_CLUSTER_FILE',
    flag: '--cluster-file',
    value: 'file',
    meaning: 'the genesis: members, trust anchors, limits',
    fallback: 'cluster.json',
    isPath: true,
  },
  {
    path: 'peers',
    environment: 'QUORATE_PEERS',
    flag: '--peers',
    value: 'id=host:port,…',
    meaning: 'where the other nodes listen for their peers',
  },
  {
    path: 'client.listen',
    environment: 'QUORATE_CLIENT_LISTEN',
    flag: '--client-listen',
    value: 'host:port',
    meaning: 'where clients are answered; port 0 lets the kernel pick',
    fallback: '127.0.0.1:7400',
  },
  {
    path: 'client.advertise',
    environment: 'QUORATE_CLIENT_ADVERTISE',
    flag: '--client-advertise',
    value: 'host:port',
    meaning: 'the address that clients should use, where it differs',
  },
  {
    path: 'peer.listen',
    environment: 'QUORATE_PEER_LISTEN',
    flag: '--peer-listen',
    value: 'host:port',
    meaning: 'where the other nodes are answered',
    fallback: '127.0.0.1:7401',
  },
  {
    path: 'probes.listen',
    environment: 'QUORATE_PROBES_LISTEN',
    flag: '--probes-listen',
    value: 'host:port',
    meaning: 'where /startup, /ready and /live are answered over plain HTTP; nowhere without it',
  },
  {
    path: 'metrics.listen',
    environment: 'QUORATE_METRICS_LISTEN',
    flag: '--metrics-listen',
    value: 'host:port',
    meaning: 'where /metrics is answered over plain HTTP, for Prometheus; nowhere without it',
  },
  {
    path: 'grace_period',
    environment: 'QUORATE_GRACE_PERIOD',
    flag: '--grace-period',
    value: 'seconds',
    meaning: 'how long the node may take to stop after SIGTERM, 1 to 600',
    fallback: '25',
  },
  {
    path: 'tls.ca',
    environment: 'QUORATE_TLS_CA',
    flag: '--tls-ca',
    value: 'file',
    meaning: 'PEM bundle of the authorities to trust',
    fallback: 'ca.pem',
    isPath: true,
  },
  {
    path: 'tls.cert',
    environment: 'QUORATE_TLS_CERT',
    flag: '--tls-cert',
    value: 'file',
    meaning: "PEM chain of this node's certificate",
    fallback: 'cert.pem',
    isPath: true,
  },
  {
    path: 'tls.key',
    environment: 'QUORATE_TLS_KEY',
    flag: '--tls-key',
    value: 'file',
    meaning: 'PEM private key of that certificate',
    fallback: 'key.pem',
    isPath: true,
  },
  {
    path: 'node_key.file',
    environment: 'QUORATE_NODE_KEY_FILE',
    flag: '--node-key-file',
    value: 'file',
    meaning: 'the key that seals this node’s shares and identity, 64 hex characters',
    fallback: 'node.key',
    isPath: true,
    wayOf: 'node_key',
  },
  {
    path: 'node_key.env',
    environment: 'QUORATE_NODE_KEY_ENV',
    flag: '--node-key-env',
    value: 'variable',
    meaning: 'instead of the file: the variable that holds that key',
    wayOf: 'node_key',
    isDelicate: true,
  },
  {
    path: 'node_key.passphrase_env',
    environment: 'QUORATE_NODE_KEY_PASSPHRASE_ENV',
    flag: '--node-key-passphrase-env',
    value: 'variable',
    meaning: 'instead of the file: the variable that holds a passphrase',
    wayOf: 'node_key',
    isDelicate: true,
  },
  {
    path: 'node_key.seal_program',
    environment: 'QUORATE_NODE_KEY_SEAL_PROGRAM',
    flag: '--node-key-seal-program',
    value: 'file',
    meaning: 'the program that wraps and unwraps the key in node_key.file, by an HSM or a KMS',
    isPath: true,
  },
  {
    path: 'store.kind',
    environment: 'QUORATE_STORE_KIND',
    flag: '--store-kind',
    value: 'kind',
    meaning: 'where the sealed key shares are: embedded, in data_dir, or mongodb',
    fallback: 'embedded',
  },
  {
    path: 'store.uri',
    environment: 'QUORATE_STORE_URI',
    flag: '--store-uri',
    value: 'string',
    meaning: 'the connection string of MongoDB; one with a password only as this variable',
    wayOf: 'store_uri',
    isDelicate: true,
  },
  {
    path: 'store.uri_file',
    environment: 'QUORATE_STORE_URI_FILE',
    flag: '--store-uri-file',
    value: 'file',
    meaning: 'instead of it: the file that holds it, of mode 0600',
    isPath: true,
    wayOf: 'store_uri',
  },
  {
    path: 'store.database',
    environment: 'QUORATE_STORE_DATABASE',
    flag: '--store-database',
    value: 'name',
    meaning: 'a database there that is this node’s alone',
  },
  {
    path: 'store.tls_ca',
    environment: 'QUORATE_STORE_TLS_CA',
    flag: '--store-tls-ca',
    value: 'file',
    meaning: 'PEM bundle of the authorities to trust for MongoDB',
    isPath: true,
  },
  {
    path: 'store.tls_cert',
    environment: 'QUORATE_STORE_TLS_CERT',
    flag: '--store-tls-cert',
    value: 'file',
    meaning: 'PEM chain of the certificate to show MongoDB, also for X.509 authentication',
    isPath: true,
  },
  {
    path: 'store.tls_key',
    environment: 'QUORATE_STORE_TLS_KEY',
    flag: '--store-tls-key',
    value: 'file',
    meaning: 'PEM private key of that certificate',
  },
  {
    path: 'workers',
    environment: 'QUORATE_WORKERS',
    flag: '--workers',
    value: 'count',
    meaning:
      'threads for short arithmetic, and as many for long; by default one less than there are cores or its quota allows: 1 to 8',
  },
  {
    path: 'presignatures',
    environment: 'QUORATE_PRESIGNATURES',
    flag: '--presignatures',
    value: 'count',
    meaning:
      'presignatures kept ahead, in memory, of each GG20 key in use: 64 at most, 0 for none; the same on all nodes',
    fallback: '16',
  },
  {
    path: 'checkpoint_mib',
    environment: 'QUORATE_CHECKPOINT_MIB',
    flag: '--checkpoint-mib',
    value: 'MiB',
    meaning:
      'how far the log grows between two checkpoints, and how much of it is kept for nodes that were away: 1 to 1024',
    fallback: '64',
  },
  {
    path: 'audit.kept',
    environment: 'QUORATE_AUDIT_KEPT',
    flag: '--audit-kept',
    value: 'count',
    meaning:
      'files of the audit log that stay, 16 MiB each; the oldest are removed, so move them away before that',
    fallback: String(FILES_KEPT),
  },
  {
    path: 'performance_monitor',
    environment: 'QUORATE_PERFORMANCE_MONITOR',
    flag: '--performance-monitor',
    value: 'mode',
    meaning:
      'on: voters watch each other, and a leader hands over to one that does better; observe: it does not; off',
    fallback: 'on',
  },
  {
    path: 'crypto_backend',
    environment: 'QUORATE_CRYPTO_BACKEND',
    flag: '--crypto-backend',
    value: 'kind',
    meaning:
      'libraries for curve arithmetic: native, wasm or javascript and no other, or auto, the best that loads',
    fallback: 'auto',
  },
  {
    path: 'log_level',
    environment: 'QUORATE_LOG_LEVEL',
    flag: '--log-level',
    value: 'level',
    meaning: 'the least of what its log tells: debug, info, warn or error; alarms are errors',
    fallback: 'info',
  },
];
