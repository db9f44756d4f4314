import { isIPv4, isIPv6 } from 'node:net';

export type HostKind = 'dns' | 'ipv4' | 'ipv6';

const DNS_NAME_MAX = 253;
const DNS_NAME = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const PORT_MAX = 65_535;

/**
 * The kind of a host's name; `undefined` for text that is none. An IPv6 address with a zone id (`fe80::1%eth0`) is none: the
 * zone is an interface of one machine, and neither certificates nor gRPC targets take it.
 */
export function hostKindOf(text: string): HostKind | undefined {
  if (isIPv4(text)) return 'ipv4';
  if (isIPv6(text)) return text.includes('%') ? undefined : 'ipv6';
  return text.length <= DNS_NAME_MAX && DNS_NAME.test(text) ? 'dns' : undefined;
}

/** Takes `host:port` apart, the host an IPv6 address in brackets perhaps; `undefined` for text of another form. */
export function splitAddress(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, inBrackets, plain = '', digits = ''] =
    /^(?:\[([^\]]*)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > PORT_MAX) return undefined;
  if (inBrackets === undefined) return { host: plain, port };
  return hostKindOf(inBrackets) === 'ipv6' ? { host: inBrackets, port } : undefined;
}

/** The opposite of {@link splitAddress}. */
export function joinAddress(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
