import { Document, isMap, isScalar } from 'yaml';
import { joinAddress, splitAddress } from '../machine/index.js';
import type { NodePlan } from './cluster-plan.js';

/** Beside a node's configuration, 0600: a connection string may hold a password. */
export const MONGODB_URI_FILE = 'mongodb.uri';
const HEAD = ` One node of a Quorate cluster: quorate node --config node.yaml
 Relative paths stand on this file's folder. \`quorate node --help\` explains every setting.`;
const BEFORE_PEERS = ' Where the other nodes listen for their peers.';

/**
 * A node's configuration, as `quorate certs init` leaves it in the node's folder. A serializer writes it, so that every id
 * and host is read back as the text that it is: `null`, `007` and `1e3` are node ids.
 */
export function nodeYaml(node: NodePlan, all: readonly NodePlan[]): string {
  const others = all.filter((each) => each.id !== node.id);
  const settings = new Map<string, unknown>([
    ['node_id', node.id],
    ['data_dir', 'data'],
    ['cluster_file', 'cluster.json'],
    ['peers', new Map(others.map((each) => [each.id, addressOf(each, each.peerListen)]))],
    ['client', { listen: node.clientListen }],
    ['peer', { listen: node.peerListen }],
    ['tls', { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' }],
    ['node_key', keyPlace(node)],
    ...(node.mongodb === undefined
      ? []
      : [
          [
            'store',
            { kind: 'mongodb', uri_file: MONGODB_URI_FILE, database: node.mongodb.database },
          ] as const,
        ]),
    ['format', 1],
  ]);
  // `compat`: what is no text to a reader of YAML 1.1 (`on`, `1:30`) is quoted, too.
  const document = new Document(settings, { compat: 'yaml-1.1' });
  document.commentBefore = HEAD;
  for (const { key } of isMap(document.contents) ? document.contents.items : []) {
    if (isScalar(key) && key.value === 'peers') key.commentBefore = BEFORE_PEERS;
  }
  return document.toString({ lineWidth: 0 });
}

function keyPlace({ nodeKey }: NodePlan): Readonly<Record<string, string>> {
  if (nodeKey === undefined) return { file: 'node.key' };
  return { [nodeKey.kind === 'env' ? 'env' : 'passphrase_env']: nodeKey.variable };
}

/** The address that others dial: the node's first host, with the port that it listens on. */
export function addressOf(node: NodePlan, listen: string): string {
  const [host = 'localhost'] = node.hosts;
  return joinAddress(host, splitAddress(listen)?.port ?? 0);
}
