import type { AttackCase, Result } from './case.js';

/** How one case ended. */
export type Verdict = {
  readonly name: string;
  readonly expected: readonly string[];
  readonly named: readonly string[];
  /** Named, and no liar. */
  readonly honestNamed: readonly string[];
  readonly problems: readonly string[];
};

/** Runs cases one after another. A case that throws has a problem. */
export async function runCases(cases: readonly AttackCase[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const each of cases) verdicts.push(verdictOf(each, await resultOf(each)));
  return verdicts;
}

/** Claims that the case named exactly whom it must, and nothing else was wrong. */
export function isRight({ expected, named, problems }: Verdict): boolean {
  return problems.length === 0 && expected.join() === named.join();
}

async function resultOf(each: AttackCase): Promise<Result> {
  try {
    return await each.run();
  } catch (error) {
    return { named: [], problems: [`it threw ${String(error)}`] };
  }
}

function verdictOf({ name, expected, liars }: AttackCase, { named, problems }: Result): Verdict {
  const honestNamed = named.filter((each) => !liars.includes(each.split(' ')[0] ?? ''));
  return {
    name,
    expected: expected.toSorted(),
    named: [...new Set(named)].toSorted(),
    honestNamed,
    problems,
  };
}
