/**
 * The words of each kind, and the level of its line. An `alarm` is what an honest cluster never does; a `warn` is what an
 * operator should know. The words hold no term, index or name, so that a peer cannot make new kinds.
 */
export const ALARM_LEVELS = {
  // Consensus.
  'A term is too far ahead': 'alarm',
  'Another node leads in our term': 'alarm',
  'A second node leads in one term': 'alarm',
  'An append contradicts a committed entry': 'alarm',
  'An append contradicts what its leader has sent before': 'alarm',
  'An append shows another hash for an entry of our log': 'alarm',
  'An append has another entry at an index and term of our log': 'alarm',
  'An append breaks the chain of hashes': 'alarm',
  'A follower acknowledges what its leader does not have': 'alarm',
  'A voter acknowledges another log than this node has of the same leader': 'alarm',
  'A follower stays in a later term than its leader': 'warn',
  'No quorum': 'warn',
  'No leader, although a majority is heard': 'warn',
  'The clock of this node has jumped': 'warn',
  'The clock of this node is away from those of the majority': 'warn',
  'The clock of a peer is away from those of the majority': 'warn',
  'The clocks of no majority agree': 'warn',
  // Entries that are void. They name nobody: the leader of their term made them.
  'a genesis entry that is not the genesis': 'alarm',
  'a member entry, which this version does not know': 'alarm',
  'a command that cannot be read': 'alarm',
  "a command above the cluster's level": 'alarm',
  'a request that cannot be read': 'alarm',
  'upkeep that is not due': 'alarm',
  'an attempt that breaks the rules': 'alarm',
  'a done entry that breaks the rules': 'alarm',
  'a failed entry that breaks the rules': 'alarm',
  // Tasks.
  'a signature share failed its check': 'alarm',
  'every share holds and the signature does not': 'alarm',
  'a recorded signature does not verify': 'alarm',
  'a node is proved to have lied': 'alarm',
  'a complaint that proves nothing': 'alarm',
  'a protocol session was aborted': 'alarm',
  // Links between nodes.
  'A message is too large for any peer': 'alarm',
  'A peer refuses the connection': 'warn',
  'A peer does not answer when it is dialled': 'warn',
  'A peer closes the connection before it answers': 'warn',
  'A peer’s host name has no address': 'warn',
  'A peer cannot be reached over the network': 'warn',
  'A peer does not speak TLS 1.3 at its address': 'warn',
  'A peer’s certificate has expired': 'warn',
  'A peer’s certificate is not valid yet': 'warn',
  'A peer’s certificate is of another authority': 'warn',
  'A peer ends the connection: it may not take the certificate of this node': 'warn',
  'Another node answers at a peer’s address': 'warn',
  'A peer refuses the stream': 'warn',
  'Ended a stream': 'warn',
  'Two processes run as one node': 'warn',
  'Dropped messages above the level of the cluster': 'warn',
  'A peer has not signed what it says of its build': 'warn',
  // Callers and connections of a port.
  'A caller is kept to its pace': 'warn',
  'Refused a call': 'warn',
  'Cut a connection whose caller went on when it was refused': 'warn',
  'Cut a connection that sent more than its calls': 'warn',
  'Refused a connection': 'warn',
  'A TLS handshake failed': 'warn',
} as const satisfies Readonly<Record<string, 'alarm' | 'warn'>>;

export type AlarmKind = keyof typeof ALARM_LEVELS;
