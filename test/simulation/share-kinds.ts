import { SHARE_KIND } from '../../src/frost/index.js';
import { SESSION_SHARE_KIND } from '../../src/gg20/index.js';

/** Claims that a contribution of this kind is a signature share, of whichever algorithm. */
export function isShareKind(kind: string | undefined): boolean {
  return kind === SHARE_KIND || kind === SESSION_SHARE_KIND;
}
