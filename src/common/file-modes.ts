/** The permissions of others than the owner, in a file's mode. */
const GROUP_AND_OTHERS = 0o077;
/** The same without the group's reading. */
const ALL_BUT_GROUP_READS = 0o037;
const ROOT = 0;

/**
 * Whether others than its owner may read or change a file that holds a key. A file of root's may be readable for its group: so
 * systemd and Kubernetes hand keys to a service that is not root.
 *
 * @param ownUid - The user of this process; nothing where the system has no such thing.
 */
export function isKeyExposed(
  file: { readonly mode: number; readonly uid: number },
  ownUid: number | undefined,
): boolean {
  const handedByRoot = file.uid === ROOT && ownUid !== ROOT;
  return (file.mode & (handedByRoot ? ALL_BUT_GROUP_READS : GROUP_AND_OTHERS)) !== 0;
}
