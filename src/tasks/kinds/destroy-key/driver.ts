import type { ParsedDestroyKey } from '../../../state/index.js';
import type { KindDriver } from '../driver.js';
import { DestroyParticipant } from './participant.js';

/** No leader drives it: each holder erases what it holds, and says so. */
export const destroyKeyDriver: KindDriver<ParsedDestroyKey> = {
  participant: (context) => new DestroyParticipant(context),
};
