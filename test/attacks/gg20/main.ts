import { titleOf, type Attempt } from './attack.js';
import { GG20_ATTACKS } from './rows.js';

/** Plays the attack of this title on the code beside it, and prints what it came to as JSON: a program of a weakened copy. */
const [, , title] = process.argv;
const attack = GG20_ATTACKS.find((each) => titleOf(each) === title);
if (attack === undefined) throw new Error(`no attack is called ${title ?? 'nothing'}`);

const attempt = await Promise.resolve()
  .then(() => attack.run())
  .catch((error: unknown): Attempt => ({ stopped: [`it threw ${String(error)}`] }));
console.log(JSON.stringify(attempt));
