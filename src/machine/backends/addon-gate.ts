const [INSIDE, SHUT] = [0, 1];
/** A call of an addon takes less than a millisecond, and loading one some tens: a thread that stays inside for longer is stuck. */
const INSIDE_MS_MAX = 2_000;
const LOOK_AGAIN_MS = 1;

/**
 * Between a thread that calls an addon and the one that wants to end it. Node ends a thread wherever it is; an addon written
 * with node-addon-api (`secp256k1`) then cannot raise an error any more, throws where nothing catches, and so ends the whole
 * process (SIGABRT). So a thread is ended only while it is outside: it says when it enters, in memory that both share, and
 * waits at a gate that is shut. Both write their own word before they read the other's, so that one of them always sees it.
 */
export class AddonGate {
  /** To be handed to the thread. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** In the thread: a call of an addon. Where the gate is shut it never returns, until the thread is ended. */
  pass<T>(call: () => T): T {
    Atomics.store(this.#words, INSIDE, 1);
    try {
      if (Atomics.load(this.#words, SHUT) !== 0) this.#waitToBeEnded();
      return call();
    } finally {
      Atomics.store(this.#words, INSIDE, 0);
    }
  }

  /**
   * For whoever ends the thread: no call begins any more. Resolves when none is under way, or one has been for longer than any
   * takes.
   */
  async shut(): Promise<void> {
    const isInside = this.#shut();
    while (isInside()) await new Promise<void>((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    ofRunningThreads.delete(this);
  }

  /** The process ends, and its threads with it: as {@link AddonGate.shut}, and waits here. */
  shutNow(): void {
    const isInside = this.#shut();
    while (isInside());
  }

  #shut(): () => boolean {
    Atomics.store(this.#words, SHUT, 1);
    const end = performance.now() + INSIDE_MS_MAX;
    return () => Atomics.load(this.#words, INSIDE) !== 0 && performance.now() < end;
  }

  #waitToBeEnded(): void {
    Atomics.store(this.#words, INSIDE, 0);
    // The end of a thread ends this wait too.
    for (;;) Atomics.wait(this.#words, SHUT, 1);
  }
}

/** Gates of threads that nobody has ended yet. */
const ofRunningThreads = new Set<AddonGate>();

/** For a thread that is about to begin. Where the process exits before the gate is shut, the exit shuts it. */
export function gateOfNewThread(): AddonGate {
  if (ofRunningThreads.size === 0) {
    process.off('exit', shutAll);
    process.on('exit', shutAll);
  }
  const gate = new AddonGate();
  ofRunningThreads.add(gate);
  return gate;
}

function shutAll(): void {
  for (const gate of ofRunningThreads) gate.shutNow();
}

/** Of the thread that this is; one that nobody ends has one that nobody shuts. */
let ofThisThread = new AddonGate();

/** A worker's own, before it loads anything. */
export function useAddonGate(memory: SharedArrayBuffer): void {
  ofThisThread = new AddonGate(memory);
}

/** Calls an addon, or loads it, where this thread cannot be ended meanwhile. */
export function insideAddon<T>(call: () => T): T {
  return ofThisThread.pass(call);
}
