import { isIP, isIPv6 } from 'node:net';
import { QuorateError } from './errors.js';

/** One node's client port, as its caller wrote it and as it is dialled. */
export type Endpoint = {
  readonly text: string;
  readonly host: string;
  readonly port: number;
  /** For TLS to send (RFC 6066 allows DNS names only): routers choose by it. `undefined` for an address. */
  readonly serverName: string | undefined;
};

const HOST_AND_PORT = /^(?:\[([^[\]]*)\]|([^[\]:]*)):(\d{1,5})$/;
const DNS_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/;
const PORT_MAX = 65_535;

/**
 * Reads `host:port`: a DNS name, an IPv4 address, or an IPv6 address in brackets.
 *
 * @throws QuorateError `invalid-request` INVALID_ENDPOINT with what to write instead.
 */
export function parseEndpoint(text: unknown): Endpoint {
  if (typeof text !== 'string') refuse(String(text), 'it is not text');
  const trimmed = text.trim();
  if (trimmed.includes('//') || /^(dns|ipv4|ipv6|unix):/.test(trimmed))
    refuse(text, 'leave out what stands before the host');
  if (isIPv6(trimmed)) refuse(text, 'an IPv6 address stands in brackets, and a port follows');
  const [, bracketed, plain, digits = ''] = HOST_AND_PORT.exec(trimmed) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) refuse(text, 'it names no port');
  const port = Number(digits);
  if (port < 1 || port > PORT_MAX) refuse(text, `a port is a number from 1 to ${PORT_MAX}`);
  if (host.includes('%')) refuse(text, 'zone ids are not taken');
  if (bracketed !== undefined && !isIPv6(host)) refuse(text, 'only an IPv6 address has brackets');
  if (bracketed === undefined && !DNS_NAME.test(host)) refuse(text, 'it names no host');
  return { text: trimmed, host, port, serverName: isIP(host) === 0 ? host : undefined };
}

function refuse(text: string, why: string): never {
  throw new QuorateError(
    'invalid-request',
    `"${text}" is no endpoint: ${why}. An endpoint is host:port, for example node-1.example.com:7400 or [::1]:7400`,
    { reason: 'INVALID_ENDPOINT', field: 'endpoints' },
  );
}
