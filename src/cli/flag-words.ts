import type { ClusterError } from '../common/index.js';

/** The command line's word for each field of a request that a node, or the client library, may find fault with. */
const FLAG: Readonly<Record<string, string>> = {
  algorithm: '--algorithm',
  allow_no_redundancy: '--allow-no-redundancy',
  allowed_signers: '--allowed-signer',
  days: '--days',
  derivation_path: '--path',
  dns: '--host',
  endpoints: '--endpoint',
  interval_ms: '--interval',
  ips: '--host',
  key_id: '<key-id>',
  kind: '--kind',
  labels: '--label',
  left_behind: '--without',
  level: '--level',
  message: '--message',
  name: '--name',
  owner: '--owner',
  page_size: '--limit',
  page_token: '--page-token',
  participants: '--participants',
  prefix: '--prefix',
  public_key: '--public-key',
  request_id: '--request-id',
  requesters: '--requester',
  state: '--state',
  task_id: '<task-id>',
  threshold: '--threshold',
};

/**
 * An error's message with the flag in place of the field at fault: a person who typed flags knows no fields.
 *
 * A field's name that is also an English word is replaced only at the beginning, where it is the subject. A message without
 * the name gets the flag before it.
 */
export function inFlags({ code, message, details }: ClusterError): string {
  const { field } = details;
  const flag = field === undefined ? undefined : FLAG[field];
  if (field === undefined || flag === undefined || message.includes(flag)) return message;
  const name = new RegExp(field.includes('_') ? `\\b${field}\\b` : `^${field}\\b`, 'g');
  if (name.test(message)) return message.replace(name, flag);
  if (message.startsWith('Must ')) return `${flag} m${message.slice(1)}`;
  return code === 'invalid-request' ? `${flag}: ${message}` : message;
}
