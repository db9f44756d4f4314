/** Runs one step of a call, and charges its caller with the main thread's time that the step took. */
export type Measure = <T>(step: () => T) => T;
