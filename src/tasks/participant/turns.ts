/** So many at once, the others in their order: all nodes take up the sessions of one log in the same order, and so meet. */
export class Turns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves when it is the caller's turn. @returns Ends the turn; called once. */
  async take(): Promise<() => void> {
    if (this.#taken < this.#max) this.#taken += 1;
    // The turn is handed over: nobody comes between.
    else await new Promise<void>((goOn) => this.#waiting.push(goOn));
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    };
  }
}
