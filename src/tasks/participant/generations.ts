import { equal, sessionId, toHex } from '../../common/index.js';
import type { SessionId } from '../../common/index.js';
import { BoundedCache } from '../../crypto/index.js';
import { auxRecordsOf } from '../../gg20/index.js';
import type { AuxRecord } from '../../gg20/index.js';
import { isSetProfile, PROFILE_NAMES, setIdOf } from '../../identity/index.js';
import type { ParticipantSet, SetProfile } from '../../identity/index.js';
import type { MaterialPlace, OwnMaterials } from '../../keys/index.js';
import { ShareStoreError } from '../../ports/index.js';
import { activeGeneration, readSet, readSets } from '../../state/index.js';
import type { View } from '../../state/index.js';
import type { Auxiliary, Preparation, SetRecord } from '../../wire/index.js';
import type { Arithmetic } from '../arithmetic.js';
import type { TaskContext } from '../context.js';
import { GENERATIONS_READ_MAX } from '../limits.js';
import type { LiveTasks } from '../live-tasks.js';
import type { Work } from '../work.js';
import { decodeGenerationRecord, preparedIn } from './generation-record.js';
import { preparingSet } from './parameter-sets.js';
import type { PrimePool } from './prime-pool.js';

/** A generation that this node holds its own material of. That is open in memory, until others push it out. */
export type HeldGeneration = {
  readonly place: MaterialPlace;
  readonly preparation: Preparation;
  /** The public material of each member, in order of index in the set. */
  readonly records: readonly AuxRecord[];
  /** The same as it was kept, for evidence. */
  readonly material: Uint8Array;
};

type ReadMaterial = Pick<HeldGeneration, 'records' | 'material'>;

export type GenerationsParts = {
  readonly view: View;
  readonly tasks: LiveTasks;
  readonly materials: OwnMaterials;
  readonly arithmetic: Pick<Arithmetic, 'gg20'>;
  readonly primes: PrimePool;
};

/**
 * This node's part in the auxiliary material of its sets: opens what sessions need, keeps primes ready for the next generation,
 * and drops for good what no session can use any more.
 */
export class Generations implements Work {
  readonly #context: Pick<TaskContext, 'self' | 'consensus' | 'logger'>;
  readonly #parts: GenerationsParts;
  /** Public material by the session that made it. */
  readonly #read = new BoundedCache<ReadMaterial>(GENERATIONS_READ_MAX);
  /** Of all sets that were seen here. */
  readonly #profiles = new Set<SetProfile>();
  /** Sessions of whose material an alarm was raised in this run. */
  readonly #alarmed = new Set<SessionId>();
  #dropping = false;

  constructor(
    context: Pick<TaskContext, 'self' | 'consensus' | 'logger'>,
    parts: GenerationsParts,
  ) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Whether this node is a member of the generation that an attempt names, as the state has that. */
  isMember(set: ParticipantSet, auxiliary: Auxiliary): boolean {
    return this.#named(set, auxiliary)?.members.includes(this.#context.self.id) ?? false;
  }

  /**
   * Opens the generation that an attempt names, if that is the set's active one and this node holds its own material of it.
   * Never rejects: what does not open is told in the log, and counts as not held.
   */
  async load(set: ParticipantSet, auxiliary: Auxiliary): Promise<HeldGeneration | undefined> {
    const preparation = this.#named(set, auxiliary);
    if (preparation?.members.includes(this.#context.self.id) !== true) return undefined;
    const place = placeOf(set.profile, preparation);
    try {
      const read = await this.#records(set.profile, preparation, place);
      const isOpen = read !== undefined && (await this.#parts.materials.load(place));
      if (isOpen) return { place, preparation, ...read };
      if (this.#isNews(place)) {
        this.#context.logger.alarm('no auxiliary material on this node', wordsOf(place));
      }
    } catch (error) {
      const words = { ...wordsOf(place), error: String(error) };
      const passes = error instanceof ShareStoreError && error.kind === 'unavailable';
      if (passes) this.#context.logger.warn('the share store is unavailable', words);
      else if (this.#isNews(place)) {
        this.#context.logger.alarm('auxiliary material cannot be opened', words);
      }
    }
    return undefined;
  }

  /**
   * Whether this node keeps no material of the set but that of its active generation and of one in the making: all sessions under
   * earlier ones are over here, and their secrets are gone.
   *
   * @throws {ShareStoreError} `unavailable`.
   */
  async keepsOnlyActive(set: ParticipantSet): Promise<boolean> {
    const { view, materials, tasks } = this.#parts;
    const active = activeGeneration(view, set)?.preparation;
    const id = setIdOf(set);
    const kept = (await materials.kept()).filter(({ setId }) => toHex(setId) === id);
    return kept.every(({ sessionId: session }) => {
      const isActive = active !== undefined && session === toHex(active.sessionId);
      return isActive || tasks.attempt(session) !== undefined;
    });
  }

  /** Each signature asks for the material: once in a run is enough. */
  #isNews({ sessionId: session }: MaterialPlace): boolean {
    if (this.#alarmed.has(session)) return false;
    if (this.#alarmed.size >= GENERATIONS_READ_MAX) this.#alarmed.clear();
    this.#alarmed.add(session);
    return true;
  }

  /** Looks at all sets, of which there are few. */
  sweep(): void {
    const sets = readSets(this.#parts.view);
    this.#keepPrimes(sets.map(([, record]) => record));
    if (this.#context.consensus.status().current && !this.#dropping) void this.#drop();
  }

  /** For one generation of each set that is in use here. */
  #keepPrimes(sets: readonly SetRecord[]): void {
    const { arithmetic, primes } = this.#parts;
    const counts = new Map<SetProfile, number>();
    for (const { profile, participants, keys, generating } of sets) {
      const isOwn = participants.some(({ nodeId }) => nodeId === this.#context.self.id);
      const isUsed = keys.length > 0 || generating.length > 0;
      if (!isSetProfile(profile)) continue;
      const count = counts.get(profile) ?? 0;
      counts.set(profile, isOwn && isUsed ? count + 1 : count);
    }
    for (const profile of new Set([...counts.keys(), ...this.#profiles])) {
      this.#profiles.add(profile);
      primes.keep(preparingSet(arithmetic.gg20, profile).profile, counts.get(profile) ?? 0);
    }
  }

  #named({ profile, participants }: ParticipantSet, named: Auxiliary): Preparation | undefined {
    const active = activeGeneration(this.#parts.view, { profile, participants })?.preparation;
    const isSame =
      active !== undefined &&
      active.generation === named.generation &&
      equal(active.setId, named.setId) &&
      equal(active.digest, named.digest);
    return isSame ? active : undefined;
  }

  async #records(
    profile: SetProfile,
    { members, digest }: Preparation,
    place: MaterialPlace,
  ): Promise<ReadMaterial | undefined> {
    const known = this.#read.get(place.sessionId);
    if (known !== undefined) return known;
    const { arithmetic, materials } = this.#parts;
    const bytes = await materials.record(place.setId, place.sessionId);
    const record = bytes && decodeGenerationRecord(bytes);
    if (record === undefined) return undefined;
    const set = preparingSet(arithmetic.gg20, profile);
    const { material } = record;
    const records = auxRecordsOf(set, members.length, digest, material);
    if (records === undefined) return undefined;
    const read = { records, material };
    this.#read.set(place.sessionId, read);
    return read;
  }

  /**
   * Drops material of earlier generations, of attempts that were beaten, and of sets without a record: all but the active one's
   * and those that an open task may still make active. None of a generation of which a session may still be open.
   */
  async #drop(): Promise<void> {
    const { materials } = this.#parts;
    this.#dropping = true;
    try {
      for (const { setId, sessionId: session } of await materials.kept()) {
        // The state goes on while the store is read: what it says in this moment counts, and no earlier look at it.
        const isNeeded = await this.#isNeeded(setId, session);
        if (isNeeded || this.#mayBeActive(setId, session)) continue;
        await materials.drop(setId, session);
        this.#context.logger.info('auxiliary material dropped', { set: toHex(setId), session });
      }
    } catch (error) {
      // The failure passes: the next look, a second later, tries again.
      this.#context.logger.warn('the share store is unavailable', { error: String(error) });
    } finally {
      this.#dropping = false;
    }
  }

  /** Whether this material is of the set's active generation, or of an attempt that may still make one. */
  #mayBeActive(setId: Uint8Array, session: SessionId): boolean {
    const { tasks, view } = this.#parts;
    const active = readSet(view, toHex(setId))?.active?.preparation?.sessionId;
    return tasks.attempt(session) !== undefined || (active && toHex(active)) === session;
  }

  /** Whether an open task has made this material, or names its generation. */
  async #isNeeded(setId: Uint8Array, session: SessionId): Promise<boolean> {
    const { tasks, materials } = this.#parts;
    if (tasks.attempt(session) !== undefined) return true;
    const named = [...tasks.all()].flatMap(({ attempts }) =>
      attempts.flatMap(({ record }) => record.attempt?.auxiliary ?? []),
    );
    const ofSet = named.filter((each) => equal(each.setId, setId));
    if (ofSet.length === 0) return false;
    const bytes = await materials.record(setId, session);
    const record = bytes && decodeGenerationRecord(bytes);
    const digest = record && preparedIn(record)?.preparation?.digest;
    return digest === undefined || ofSet.some((each) => equal(each.digest, digest));
  }
}

/** Where this node's material of a generation lies. */
export function placeOf(
  profile: SetProfile,
  { setId, generation, sessionId: session, digest }: Preparation,
): MaterialPlace {
  return {
    setId,
    generation,
    sessionId: sessionId(toHex(session)),
    digest,
    profile: PROFILE_NAMES[profile],
  };
}

function wordsOf({ setId, generation, sessionId: session }: MaterialPlace) {
  return { set: toHex(setId), generation, session };
}
