import type { OwnMaterial } from '../own-material.js';
import type { Profile } from '../profile.js';
import { numberLayout } from '../zk/layout.js';
import type { PublicMaterial } from './messages.js';

/** The public half, as records and messages have it. */
export function publicMaterial(
  { modulusBits }: Profile,
  { key, trapdoor }: OwnMaterial,
): PublicMaterial {
  const layout = numberLayout(modulusBits / 8);
  return {
    N: layout.encode(key.N),
    Nh: layout.encode(trapdoor.Nh),
    s: layout.encode(trapdoor.s),
    t: layout.encode(trapdoor.t),
  };
}
