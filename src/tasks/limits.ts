import type { Millis, Rate } from '../common/index.js';

/** Waits and bounds of the task manager. All times in milliseconds. */

/** Peers that have budgets of their own here: more than a cluster has members. */
export const PEERS_MAX = 64;

/** Hedges, resends and deadlines are looked at this often while there is work. */
export const TICK_MS = 20;
/** An outcome that no client waits for goes into the log so much later at most, when nothing else does meanwhile. */
export const OUTCOME_WAIT_MS = 60;
/** Everything that the state wants is compared with what the node does, this often at least. */
export const RECONCILE_MS = 1000;
/** Tasks, and waiting calls, that are looked at between two turns of the loop, when all of them are. */
export const RECONCILE_SLICE = 64;
/** A node sends its messages of a session again and again, until the task closes or the request expires. */
export const RESEND_MS = 200;
/** How long a contribution waits for other messages that leave for a leader which waits for none. */
export const SHARE_WITHIN_MS: Millis = 10;
/** The same for any other voter, which needs it only if it leads before the task is closed. */
export const SPARE_SHARE_WITHIN_MS: Millis = 50;
/** The same of a result, which no client waits for any more. */
export const RESULT_WITHIN_MS: Millis = 5;
/** The same of supplies that are made ahead of need. */
export const SUPPLIES_WITHIN_MS: Millis = 20;

/** How long the first attempt of a Sign has before the next one is opened, until it is known how long shares take; doubles with each. */
export const SIGN_HEDGE_MS = 250;
/** When it is known: so many times as long as nearly all of the latest shares took, within bounds. */
export const WAIT_TIMES_P95 = 3;
export const SIGN_HEDGE_MS_MIN = 20;
export const SIGN_HEDGE_MS_MAX = 1000;
export const LATEST_TIMES_MIN = 20;
export const LATEST_TIMES_KEPT = 128;
/** The same for a generate-key: a base, and more for each participant. */
export const GENERATE_HEDGE_BASE_MS = 3000;
export const GENERATE_HEDGE_PER_PARTICIPANT_MS = 200;

/**
 * How long a task waits for a participant that it needs and that refused before, doubled with each attempt: half a second
 * after the first, half a minute after the seventh.
 */
export const DECLINED_WAIT_MS: Millis = 250;

/** A participant that has not answered its leader for so long makes no key: two of consensus' longest election timeouts. */
export const UNHEARD_MS = 1_200;

/** How long a leader waits for supplies before it proposes a Sign without an attempt. */
export const WANT_WAIT_MS = 250;
/** How often a leader asks for the supplies of one key. */
export const WANT_REPEAT_MS = 100;
/** Requests of signatures that wait for supplies at one leader. */
export const WAITING_REQUESTS_MAX = 1024;

/** A pooled supply is dropped after this; its holder keeps the nonce a little longer. */
export const SUPPLY_KEPT_MS = 45_000;
/** Supplies of one node for one key that a voter pools. */
export const SUPPLIES_PER_NODE_AND_KEY_MAX = 64;
/** Supplies of one node, for all keys: as many as its nonces. */
export const SUPPLIES_PER_NODE_MAX = 16_384;
/** Supplies of one node that entries named before the node announced them: the newest are remembered. */
export const NAMED_UNHEARD_MAX = 256;
/** Supplies of one node that later ones of it have passed on the way: more than one message has. */
export const MISSING_MAX = 64;
/** Own nonces that entries named while it was not known yet which sessions are open. */
export const NAMED_KEPT_MAX = 16_384;

/**
 * Supplies that a voter takes from one node. An honest one announces as many as are used, and for each key that a new leader
 * asks for SUPPLY_MIN; beyond this its message is dropped.
 */
export const SUPPLIES_TAKEN: Rate = { perSecond: 1024, burst: 4096 };
/** The price of a message of supplies whose key must be read from the state, beside its supplies: a read is 0.1 ms. */
export const KEY_READ_SUPPLIES = 4;
/** Supplies that are checked in one piece: about 12 ms of arithmetic where it is all JavaScript. */
export const CHECKED_AT_ONCE_MAX = 8;
/**
 * Unused supplies of one node for one key that are known to be good: no more are checked ahead of need. One, where the node
 * has announced no more than it keeps for a key at rest: of a key that is seldom used the others expire unseen.
 */
export const CHECKED_AHEAD_MAX = 16;
export const CHECKED_AHEAD_AT_REST = 1;
/** Checks of one node's supplies. About a tenth of one worker. */
export const SUPPLY_CHECKS: Rate = { perSecond: 64, burst: 256 };
/** A supply that is used pays for its own check and for that of the next one. */
export const CHECKS_PER_USE = 2;
/** Keys for which checks of one node's supplies are wanted; for others the next need asks again. */
export const CHECKS_WANTED_MAX = 1024;

/** Supplies that a holder keeps out for a key at rest; none, and one for a leader that asks, once it keeps very many. */
export const SUPPLY_MIN = 4;
/**
 * The same under load. Fewer than there is room for: the rest is for leaders that lack some, because they have never heard of
 * those that are kept.
 */
export const SUPPLY_MAX = 48;
/** Supplies that are made in one piece: about 6 ms of arithmetic. */
export const SUPPLIES_MADE_AT_ONCE = 8;
/** A supply covers twice what is used in this time: what a signature takes on a busy node, from its pools to its share. */
export const SUPPLY_COVERS_MS = 250;

/** Messages of one node for sessions, those that it sends again included: fifty key generations among twenty nodes. */
export const SESSION_MESSAGES: Rate = { perSecond: 1000, burst: 4000 };
/** Checks on the main thread of signatures that one node's messages cause, beyond those of sessions: each 0.1 ms. */
export const SIGNATURES_CHECKED: Rate = { perSecond: 200, burst: 2000 };
/**
 * Requests of one leader for supplies that are answered, one that gets more than SUPPLY_MIN counted in proportion; and how
 * often for one key: an honest one asks every WANT_REPEAT_MS.
 */
export const WANTS_ANSWERED: Rate = { perSecond: 50, burst: 400 };
export const WANT_ANSWERED_MS = 50;
/** A leader that asks for supplies of one key again within this time gets twice as many. */
export const WANT_AGAIN_MS = 1_000;

/** The body of a contribution, and all contributions of one node to open attempts: a share of 64 bytes takes about 300. */
export const SHARE_BYTES_MAX = 16 * 1024;
export const SHARES_KEPT_BYTES_MAX = 16 * 1024 * 1024;
/** Contributions of one node to one session that lacked its signature; after that its session has none of it. */
export const UNSIGNED_SHARES_MAX = 4;

/**
 * Results of signatures that one node brings to this leader and that are checked; an honest node brings as many as its
 * clients wait for. One that does not verify costs as much as so many.
 */
export const RESULTS_CHECKED: Rate = { perSecond: 2048, burst: 4096 };
export const WRONG_RESULT_COST = 512;
/** The longest result: a signature. */
export const RESULT_BYTES_MAX = 128;
/** Results of one node that wait to be checked, and that are checked in one piece: each is about 0.2 ms of arithmetic in C. */
export const RESULTS_WAITING_MAX = 1024;
export const RESULTS_CHECKED_AT_ONCE_MAX = 8;
/**
 * How long a leader that has all shares of an attempt leaves it to the node whose client waits to add them up, before it
 * does so itself: so many times as long as nearly all of the latest results took, within bounds.
 */
export const RESULT_WAIT_MS = 50;
export const RESULT_WAIT_MS_MIN = 20;
export const RESULT_WAIT_MS_MAX = 250;
/** How long a node that stops waits until the log has all that its clients were answered with. */
export const HAND_OVER_MS = 500;

/** Messages of one peer for sessions that are not open here yet. */
export const EARLY_MESSAGES_MAX = 64;
export const EARLY_BYTES_MAX = 256 * 1024;
export const EARLY_KEPT_MS = 10_000;

/** Different complaints of one node about one session that are looked at: an honest one makes two. */
export const COMPLAINTS_MAX = 4;
/**
 * A complaint's body: the largest evidence, which is that of a wrong sum of twenty signers with 3072 bits, with a request of 56 KiB, and
 * a transcript of twenty participants. With its envelope it is a message of a peer, of 256 KiB at most.
 */
export const COMPLAINT_BYTES_MAX = 252 * 1024;
/** Complaints of one node, and pieces of evidence in them, that are read and judged: each is some 20 ms of a worker. */
export const COMPLAINTS_JUDGED: Rate = { perSecond: 4, burst: 32 };
/** Longer evidence counts as more pieces, one for each of these: the longest complaint is within a burst. */
export const EVIDENCE_BYTES_PER_JUDGEMENT = 9 * 1024;
/** Complaints of one node that wait while another of it is judged. */
export const COMPLAINTS_WAITING_MAX = 4;
/** Evidence that a node keeps to show: in all, and against one culprit. */
export const EVIDENCE_KEPT_BYTES_MAX = 8 * 1024 * 1024;
export const EVIDENCE_KEPT_PER_NODE_MAX = 32;
/** As long as a task is remembered after its outcome. */
export const EVIDENCE_KEPT_MS = 60 * 60 * 1000;
/** Judgements that are remembered, so that the same evidence is judged once. */
export const JUDGEMENTS_MAX = 1024;

/**
 * The messages with requests that one node forwards to this one, in bytes: each costs its length and
 * {@link FORWARD_COST_BYTES}. Above it they are dropped unread, and that node brings them again; others' are read.
 */
export const MEMBER_FORWARD_RATE: Rate = { perSecond: 8 * 1024 * 1024, burst: 64 * 1024 * 1024 };
/** The cost of a forwarded message, and of a request in the log, besides its bytes: a signature is verified. */
export const FORWARD_COST_BYTES = 2 * 1024;
/** The further cost, to its bringer, of a request without authority: an honest node has looked at that before. */
export const UNAUTHORIZED_COST_BYTES = 64 * 1024;
/** The requests of one requester that a leader puts into the log, in bytes with {@link FORWARD_COST_BYTES} for each request. */
export const REQUESTER_LOG_RATE: Rate = { perSecond: 4 * 1024 * 1024, burst: 32 * 1024 * 1024 };
/** The same for all requesters together. */
export const ALL_REQUESTERS_LOG_RATE: Rate = {
  perSecond: 16 * 1024 * 1024,
  burst: 128 * 1024 * 1024,
};
/** Requesters whose budgets are told apart. */
export const REQUESTERS_BUDGETED_MAX = 4_096;
/** The requests that this node brings to the leader for one caller, counted in the same way. */
export const CALLER_FORWARD_RATE: Rate = { perSecond: 2 * 1024 * 1024, burst: 32 * 1024 * 1024 };

/** How long a request waits for a leader before it is given up. */
export const LEADER_WAIT_MS = 5000;

/** Orders to hand leadership over that one peer brings to the leader, and those that wait on one node. */
export const LEADERSHIP_ORDERS: Rate = { perSecond: 4, burst: 16 };
export const LEADERSHIP_ORDERS_MAX = 16;
/** How often an order is brought to the leader again, and how long the leader waits for what comes of it. */
export const LEADERSHIP_REPEAT_MS = 500;
export const LEADERSHIP_WAIT_MS = 5_000;
/**
 * A request is forwarded again after this, until its decision is applied here; after twice that the next time, and so on
 * up to the longest wait: what is slow must not get more to do.
 */
export const FORWARD_REPEAT_MS = 500;
export const FORWARD_REPEAT_MS_MAX = 4_000;
/** Facts of a refusal that are taken over from a leader, and the characters of each. */
export const REFUSAL_FACTS_MAX = 8;
export const REFUSAL_FACT_CHARS_MAX = 128;
/** Characters of the words of a refusal, in which its requester and key are named. */
export const REFUSAL_DETAIL_CHARS_MAX = 1024;
/** The same after a node's word that it does not lead, or not yet. */
export const NOT_LEADER_REPEAT_MS = 50;
/** Requests of this node's clients that wait at the same time. */
export const SUBMISSIONS_MAX = 10_000;
/** Of these, the number that is looked at whenever all tasks are: others the next time. */
export const SUBMISSIONS_SWEPT_MAX = 1_024;

/**
 * Proposed requests without a decision that a node remembers: those of the term in which it leads, and as many of earlier
 * terms, for as long as they may be asked for, because some log may hold them.
 */
export const PROPOSALS_REMEMBERED_MAX = 65_536;
/** Generations of one profile that a node has primes ready for, at most: a safe prime is seconds of one processor. */
export const GENERATIONS_OF_PRIMES_MAX = 4;
/** A member's messages of a `prepare` are up to 200 KiB to each other one: they are sent again less often than others. */
export const PREPARE_RESEND_MS = 5_000;
/**
 * How long a `prepare` takes where members have to make their primes first, which takes from seconds to minutes where other work has
 * the processors: a base by profile, and more for each member whose proofs are looked at. Before that no other attempt is opened, if all members are heard.
 */
export const PREPARE_WAITS = {
  P2048: { base: 60_000, perMember: 2_000 },
  P3072: { base: 240_000, perMember: 5_000 },
} as const;
/** A member that cannot be reached is waited for so long before a `prepare` is begun without it. */
export const PREPARE_ABSENT_MS = 20_000;
/** How soon the leader looks whether a `prepare`'s members are all heard. */
export const PREPARE_HEDGE_MS = 5_000;
/**
 * How long the first attempt of a Sign in a session of t signers has: seven rounds of arithmetic that grows with t. For several times as
 * long it is waited for, where all of them are heard.
 */
export const SESSION_HEDGE_MS = 1_000;
export const SESSION_HEDGE_PER_SIGNER_MS = 500;
export const SESSION_WAITS = 4;
/** Signing sessions that a node computes for at once; others wait for their turn, in the order of the log. */
export const SESSIONS_AT_ONCE_MAX = 8;
/** A signer's messages of a session are some 20 KiB to each other one: they are sent again less often than others. */
export const SESSION_RESEND_MS = 1_000;
/**
 * Presignatures that a node holds, of all keys; of one key and set of signers as many as it is told, within the second bound. One more of
 * a pool that is full takes the place of the oldest, if that is some minutes old: a new leader may not know of those that are there.
 */
export const PRESIGNATURES_MAX = 1_024;
export const PRESIGNATURES_PER_POOL_MAX = 64;
export const PRESIGNATURES_PER_POOL = 16;
export const PRESIGNATURE_RENEWED_MS = 5 * 60 * 1000;
/** A holder drops a presignature after this; leaders name it no more a little earlier. */
export const PRESIGNATURE_KEPT_MS = 60 * 60 * 1000;
export const PRESIGNATURE_POOLED_MS = 55 * 60 * 1000;
/** Presignatures of all signers that a voter knows of. */
export const PRESIGNATURES_POOLED_MAX = 4_096;
/** Keys whose pools are kept filled: those that were used last, within the time. */
export const KEYS_WITH_POOLS_MAX = 64;
export const KEY_IN_USE_MS = 60 * 60 * 1000;
/** Presignatures that a leader has made at once. */
export const PRESIGNS_AT_ONCE = 2;
/** A proposal that is not applied after this may be lost. */
export const PRESIGN_PROPOSED_MS = 10_000;
/** Presigning sessions that a node computes for at once. */
export const PRESIGNING_AT_ONCE_MAX = 2;
/** How long an attempt with a presignature has before an interactive one is opened: one round, and its echo. */
export const ONLINE_HEDGE_MS = 400;
export const ONLINE_HEDGE_PER_SIGNER_MS = 100;
/** Sessions of one version of a key that failed by no provable fault: after so many one runs at a time, after so many none. */
export const ONE_AT_A_TIME_FAILURES = 8;
export const SESSIONS_END_FAILURES = 32;
/** Sessions that failed because the same node was silent: after so many no other is begun with it here. */
export const SILENT_FAILURES_MAX = 3;
/**
 * How long the signers of a failed session have to open it, and more for each of them: less than a leader waits for the session, so that
 * silence is told apart from a session that was given up.
 */
export const OPENINGS_WAIT_MS = 4_000;
export const OPENINGS_WAIT_PER_SIGNER_MS = 500;
/** How long a leader waits for the word of all others of a session on who was silent in it. */
export const SILENCE_WAIT_MS = 2_000;
/** Tasks whose signers' refusals a leader remembers. */
export const REFUSED_TASKS_MAX = 256;
/** How long a leader waits for proof of what a participant of an aborted session says of another. */
export const PROOF_WAIT_MS = 3_000;
/** The same where judging a proof takes a worker a second, behind checks that take as long. */
export const PREPARE_PROOF_WAIT_MS = 30_000;
/** How often it looks whether there is one. */
export const PROOF_LOOK_MS = 250;
/** Generations of one set that a node keeps own material of: of the active one, and of attempts that are not over. */
export const GENERATIONS_PENDING_MAX = 16;
/** Generations whose public material is kept decoded: 40 KiB for twenty members. */
export const GENERATIONS_READ_MAX = 64;
/** A leader that proposed upkeep proposes the same again after this, if nothing was heard of it. */
export const UPKEEP_REPEAT_MS = 60_000;
/** Keys that a leader looks at in one second for shares of a node that is proved to have lied. */
export const CULPRIT_KEYS_LOOKED_AT_MAX = 128;
/** Refreshes for culprits that a leader proposes in a period, whatever is proved: keys wait for their turn, in order of their ids. */
export const CULPRIT_REFRESHES_MAX = 32;
export const CULPRIT_REFRESHES_PERIOD_MS = 60_000;
/** From one look through all keys to the next: doubled each time, up to the second. */
export const CULPRIT_LOOK_WAIT_MS = 60_000;
export const CULPRIT_LOOK_WAIT_MS_MAX = 30 * 60_000;
/** How long a culprit's keys are looked for, and what it does meanwhile causes no second refresh. */
export const CULPRIT_REMEMBERED_MS = 6 * 60 * 60 * 1000;

/** Pending shares of one key id, of other sharings than the active one. */
export const PENDING_SHARES_MAX = 8;

/** Keys that a node looks through in one second for shares to be erased. */
export const ERASED_AT_ONCE_MAX = 1_000;

/** Keys whose missing share a node remembers to have raised an alarm for. */
export const ALARMED_KEYS_MAX = 4_096;

/** A message of so many bytes is hashed on the main thread, in some tenths of a millisecond at most; a longer one by a job. */
export const HASHED_AT_ONCE_BYTES_MAX = 4 * 1024;

/** A probe's random number. */
export const PROBE_BYTES = 8;
/** How long a probe waits for other messages to its peer: between nodes that have nothing else to say, a heartbeat comes by. */
export const PROBE_WITHIN_MS: Millis = 300;
/** A probe that is younger when its window ends may still be answered, in the next. */
export const PROBE_UNANSWERED_MS: Millis = 1_000;
/** Probes of one node that are answered: an honest one sends one a second. */
export const PROBES_ANSWERED: Rate = { perSecond: 4, burst: 20 };
/** Answers to one node that wait for a write to the disk. */
export const PROBES_PENDING_MAX = 16;
/** A leader whose term the monitor's record lacks tells what it has seen so often. */
export const OBSERVED_TERM_REPEAT_MS: Millis = 5_000;
/** A voter follows the log closely that lacked no more entries than this of what is committed, at so many looks in a row. */
export const FOLLOWS_LAG_MAX = 64;
export const FOLLOWS_LOOKS = 10;
/** While a key is made or shared anew no leader is replaced, unless that has gone on for longer than this. */
export const SHARING_AGE_MS_MAX: Millis = 60_000;
/** An entry of the monitor that is not applied after this has changed nothing. */
export const MONITOR_ENTRY_MS_MAX: Millis = 60_000;
/** A switch must be permitted for so long still when it is proposed. */
export const SWITCH_MARGIN_MS: Millis = 2_000;
/** A leader that proposed a switch proposes another after this at the earliest. */
export const SWITCH_REPEAT_MS: Millis = 5_000;
/** How long a leader waits for the end of a transfer. */
export const SWITCH_WAIT_MS: Millis = 5_000;
/** The points by which participants are drawn are put together again after this, though nothing was said. */
export const SCORES_KEPT_MS: Millis = 10_000;
/** Random numbers that are drawn at once. */
export const DRAWS_AHEAD = 64;
