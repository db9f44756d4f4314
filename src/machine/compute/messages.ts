/** What a worker is asked. */
export type JobRequest = { readonly id: number; readonly name: string; readonly input: unknown };

/** What it says: what came out, or which mistake of ours stopped it. */
export type JobAnswer =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: string };
