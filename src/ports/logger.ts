/** Facts for a log line. Never secrets: ids, counts, times. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields & { readonly error?: string }): void;
  /** Something that an honest cluster never does: a person should look. */
  alarm(message: string, fields?: LogFields): void;
}
