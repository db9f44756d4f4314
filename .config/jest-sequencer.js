/** Suites by the time that they take, the longest first. What is not here takes a few seconds at most. */
const LONGEST = [
  'simulation/planted-bugs',
  'attacks/checks',
  'secrets/planted-secrets',
  'simulation/simulation',
  'integration/lying-leader',
  'inputs/inputs',
  'secrets/memory',
  'integration/cli-dev',
  'integration/signing-requests',
  'integration/',
  'secrets/',
  'attacks/',
  'fuzz/',
  'client/false-keys',
  'rpc/',
];

/** Starts the longest suites first, so that no worker is left alone with one of them in the end. */
export default class LongestFirst {
  sort(tests) {
    return [...tests].sort((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : 1));
  }

  shard(tests, { shardIndex, shardCount }) {
    return this.sort(tests).filter((_, at) => at % shardCount === shardIndex - 1);
  }

  allFailedTests() {
    return [];
  }

  cacheResults() {
    // The order is by the list above, not by what earlier runs took.
  }
}

function rankOf(path) {
  const at = LONGEST.findIndex((part) => path.includes(`/${part}`));
  return at === -1 ? LONGEST.length : at;
}
