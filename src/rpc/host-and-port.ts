/**
 * Takes an address of the configuration apart, which has the form `host:port` (`src/machine/addresses.ts` checks it).
 *
 * @returns The host without the brackets of an IPv6 address, as sockets take it.
 */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}
