import { isIP } from 'node:net';
import type { NodePlan } from './cluster-plan.js';

/** A node's configuration, as `quorate certs init` leaves it in the node's folder. */
export function nodeYaml(node: NodePlan, all: readonly NodePlan[]): string {
  const others = all.filter((each) => each.id !== node.id);
  const peers = others.map((each) => `  ${each.id}: ${addressOf(each, each.peerListen)}`);
  return `# One node of a Quorate cluster: quorate node --config node.yaml
# Relative paths stand on this file's folder. \`quorate node --help\` explains every setting.
node_id: ${node.id}
data_dir: data
cluster_file: cluster.json
# Where the other nodes listen for their peers.
peers:${peers.length === 0 ? ' {}' : `\n${peers.join('\n')}`}
client:
  listen: ${node.clientListen}
peer:
  listen: ${node.peerListen}
tls:
  ca: ca.pem
  cert: cert.pem
  key: key.pem
node_key:
  ${keyLine(node)}
format: 1
`;
}

function keyLine({ nodeKey }: NodePlan): string {
  if (nodeKey === undefined) return 'file: node.key';
  return `${nodeKey.kind === 'env' ? 'env' : 'passphrase_env'}: ${nodeKey.variable}`;
}

/** The address that others dial: the node's first host, with the port that it listens on. */
export function addressOf(node: NodePlan, listen: string): string {
  const port = listen.slice(listen.lastIndexOf(':') + 1);
  const [host = 'localhost'] = node.hosts;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
