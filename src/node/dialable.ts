/**
 * An address at which a node listens, where others can dial it: none for one that stands for every address of its machine.
 *
 * @param listens - `host:port`, an IPv6 address in brackets.
 */
export function dialable(listens: string): string | undefined {
  const host = listens.slice(0, listens.lastIndexOf(':'));
  return ANY.test(host) ? undefined : listens;
}

/** 0.0.0.0 and ::, in every spelling of zero. */
const ANY = /^(?:[0.]*|\[[0:.]*\])$/;
