import type { PartyIndex } from '../../common/index.js';
import { ProtocolAbort } from '../../mpc/index.js';
import type { Envelope } from '../../wire/index.js';
import { answersHeardLayout } from '../blame/messages.js';
import { masksLayout, productsLayout } from '../blame/split-openings.js';
import { answerPart, answerPartLayout } from '../presign/answer-form.js';
import type { Fault } from '../presign/session.js';
import type { ComparedRounds, PresignRounds } from './protocol.js';
import type { SigningRun } from './signing-run.js';

/**
 * A session ended without a result: signers' messages fail checks, or chance gave no nonce and there are no culprits. Each
 * culprit's evidence is all that it said here, as it signed it; its own echoes name what it had heard, by digests, and
 * `statement` has those bodies. So a judge needs no signature but the culprit's.
 */
export class SigningAbort extends ProtocolAbort {
  /** By the index among the key's participants; `culprits` are parties of the session. */
  readonly faults: readonly Fault[];
  readonly statement: readonly Uint8Array[];

  constructor(
    message: string,
    culprits: readonly PartyIndex[],
    faults: readonly Fault[],
    evidence: readonly Envelope[],
    statement: readonly Uint8Array[],
  ) {
    super(message, culprits, evidence);
    this.faults = faults;
    this.statement = statement;
  }
}

/**
 * A session ended while signers' openings were awaited: `silent` had not said theirs. They are no culprits. None: all had, and do not
 * agree on them.
 */
export class SilentInBlame extends Error {
  override readonly name = 'SilentInBlame';
  /** Parties of the session. */
  readonly silent: readonly PartyIndex[];
  /** Whether the signers' time was over. Else the session was closed before. */
  readonly isOverdue: boolean;

  constructor(silent: readonly PartyIndex[], isOverdue: boolean, cause: unknown) {
    super('Signers have not opened a failed presignature', { cause });
    this.silent = silent;
    this.isOverdue = isOverdue;
  }
}

function culpritsOf(faults: readonly Fault[]): readonly PartyIndex[] {
  return [...new Set(faults.map(({ culprit }) => culprit))];
}

/**
 * Ends the session for these faults. Views first: no fault is a verdict before all signers have told that they heard the same
 * broadcasts. Where they have not, the sender of two bodies is the culprit, and this throws with that evidence.
 */
export async function abort(
  run: SigningRun,
  faults: readonly Fault[],
  more: readonly 'ready'[] = [],
): Promise<never> {
  await run.party.agreed();
  const names = [...run.over.flatMap(withEcho), ...more];
  const signers = culpritsOf(faults);
  const culprits = signers.map((signer) => run.partyOf(signer));
  const evidence = culprits.flatMap((culprit) => run.parts.party.originals(names, culprit));
  const statement = [...broadcastsOf(run), ...answersOf(run, signers), ...entriesOf(run, signers)];
  const [first] = faults;
  const message =
    first === undefined ? 'No nonce came of it' : `Signer ${first.culprit}: ${first.check}`;
  throw new SigningAbort(message, culprits, faults, evidence, statement);
}

/** The broadcasts of which evidence has no whole body of another signer: only the parts that concern the accused. */
const IN_PARTS: ReadonlySet<string> = new Set(['answers', 'masks', 'products']);

/** The bodies of all broadcasts that a judge may take whole. */
function broadcastsOf(run: SigningRun): readonly Uint8Array[] {
  const names = run.over.filter((name) => !IN_PARTS.has(name));
  return names.flatMap((name) => run.party.broadcasts(name).map(({ body }) => body));
}

/** The parts of answers that concern these signers, as Bob or as Alice, where all have shown theirs in blame. */
function answersOf(run: SigningRun, accused: readonly PartyIndex[]): readonly Uint8Array[] {
  if (!run.over.includes('answers')) return [];
  const { set } = run.parts;
  const [layout, part] = [answersHeardLayout(set, run.signers.length), answerPartLayout(set)];
  // Of one blame the ciphertexts with gamma are taken, of the other those with w.
  const ciphertext = run.over.includes('masks') ? 'c' : 'ch';
  return run.party.broadcasts('answers').flatMap(({ body }, at) => {
    const alice = run.signers[at] ?? 0;
    const bobs = run.signers.filter((each) => each !== alice);
    const shown = layout.decode(body)?.answers ?? [];
    return shown.flatMap((answer, place) => {
      const isOfThese = accused.includes(alice) || accused.includes(bobs[place] ?? 0);
      return isOfThese ? [part.encode(answerPart(answer, ciphertext))] : [];
    });
  });
}

/** The entries of openings that concern these signers. */
function entriesOf(run: SigningRun, accused: readonly PartyIndex[]): readonly Uint8Array[] {
  const { signers } = run;
  const { set } = run.parts;
  const layouts = {
    masks: masksLayout(set, signers.length),
    products: productsLayout(set, signers.length),
  };
  return (['masks', 'products'] as const).flatMap((name) => {
    if (!run.over.includes(name)) return [];
    return run.party.broadcasts(name).flatMap(({ body }, at) => {
      const others = signers.filter((_, place) => place !== at);
      const entries = layouts[name].decode(body)?.entries ?? [];
      return entries.filter((_, place) => accused.includes(others[place] ?? 0));
    });
  });
}

/** A round and, where it has a broadcast, the round of echoes behind it. */
export function withEcho(name: keyof ComparedRounds): readonly (keyof PresignRounds)[] {
  return name === 'answer' ? [name] : [name, `${name}-echo`];
}
