/* Bounds of keys of every algorithm: of the contract, of the state and of the protocols alike. */

/** Keeps Shamir indices and messages per round small. */
export const PARTICIPANTS_MAX = 20;
/** With fewer than two signers there is no threshold. */
export const THRESHOLD_MIN = 2;
/** Numbers of a derivation path. */
export const PATH_NUMBERS_MAX = 16;
/** From here on BIP-32 means hardened children, which take the private key. */
const PATH_NUMBER_END = 2 ** 31;

/** Claims that keys can be derived along `path`. */
export function isPath(path: readonly number[]): boolean {
  return (
    path.length <= PATH_NUMBERS_MAX &&
    path.every((each) => Number.isInteger(each) && each >= 0 && each < PATH_NUMBER_END)
  );
}
