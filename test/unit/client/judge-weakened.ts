import type * as Client from '../../../src/client/index.js';
import type { Collusion } from '../../support/adversary/collusion.js';
import { falseKeys, readerOf, trueKeys } from '../../support/adversary/false-keys.js';
import { collude } from './colluding.js';

/** Run by `support/patches/weakened-client.ts`: prints which keys each of the clients given takes for something else than they are. */
type Judge = typeof Client.verifyKeyCertificate;

const [, , given = '[]'] = process.argv;
const clients = JSON.parse(given) as readonly (readonly [string, string])[];
const collusions = [await collude({ unsigned: false }), await collude({ unsigned: true })];

const found: Record<string, string[]> = {};
for (const [check, room] of clients) {
  const path = new URL(`../../../src/${room}/index.js`, import.meta.url).href;
  const { verifyKeyCertificate } = (await import(path)) as { verifyKeyCertificate: Judge };
  found[check] = collusions.flatMap((collusion) => misjudged(collusion, verifyKeyCertificate));
}
process.stdout.write(JSON.stringify(found));

function misjudged(collusion: Collusion, judge: Judge): string[] {
  return [...falseKeys(collusion), ...trueKeys(collusion)]
    .filter((each) => {
      try {
        return (
          judge(each.key, collusion.genesis, readerOf(collusion, each)).verdict !== each.verdict
        );
      } catch {
        return true;
      }
    })
    .map(({ name }) => name);
}
