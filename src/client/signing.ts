import { parseSpiffe } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { QuorateError } from './errors.js';
import type { ConnectOptions } from './inputs.js';
import type { Signing } from './mutations.js';
import type { RequestSigner } from './request-signer.js';

/**
 * @param own - The signer by the key that is shown in TLS.
 * @throws QuorateError when it is to sign, and there is nothing that says for which cluster.
 */
export function signingOf(
  { signer }: ConnectOptions,
  genesis: Genesis | undefined,
  own: () => RequestSigner,
): Signing | undefined {
  if (signer === 'none' || (signer === undefined && genesis === undefined)) return undefined;
  if (genesis === undefined) withoutClusterFile();
  return {
    clusterId: genesis.clusterId,
    signer: typeof signer === 'object' ? () => signer : own,
  };
}

/** @throws QuorateError for a requester that is named by less than its whole id: no key would ever be its. */
export function requireSpiffeIds(requesters: readonly string[] = []): void {
  const stranger = requesters.find((id) => parseSpiffe(id) === undefined);
  if (stranger === undefined) return;
  throw new QuorateError(
    'invalid-request',
    `"${stranger}" is no requester: name its whole SPIFFE id, for example spiffe://quorate/operator/alice`,
    { reason: 'INVALID_SPIFFE_ID', field: 'requesters' },
  );
}

export function withoutClusterFile(): never {
  throw new QuorateError(
    'invalid-request',
    'A signed request names its cluster: give the cluster file',
    { reason: 'CLUSTER_FILE_REQUIRED' },
  );
}
