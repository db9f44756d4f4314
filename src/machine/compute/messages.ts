/** What a worker is asked. */
export type Asked = { readonly id: number; readonly name: string; readonly input: unknown };

/** What it says: what came out, or which mistake of ours stopped it. */
export type Answer =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: string };
