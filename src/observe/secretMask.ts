/** Masks the values of secrets in all that a process shows or logs, also of those that it reads while it runs. */
import { redactor } from './redactor.ts';

/** Characters; shorter lines of a value with several lines would mask ordinary text. */
const shortestLine = 16;

/** The secrets that a process knows of. */
export interface SecretMask {
  /** Masks them in a text. */
  readonly redact: (text: string) => string;
  /** From now on these are masked too, and the lines of those with several, because logs may show them one by one. */
  readonly hide: (secrets: readonly string[]) => void;
}

/** A mask that knows these secrets to begin with. */
export function secretMask(secrets: readonly string[]): SecretMask {
  const known = new Set<string>();
  let redact = redactor([]);

  function hide(more: readonly string[]): void {
    const before = known.size;
    for (const text of more.flatMap(withLines)) known.add(text);
    if (known.size > before) redact = redactor([...known]);
  }

  hide(secrets);
  return { redact: (text) => redact(text), hide };
}

const withLines = (secret: string): string[] => [
  secret,
  // Files and pipes often end with a line break, which is not always passed on.
  secret.trimEnd(),
  ...secret.split(/\r?\n/).filter((line) => line.length >= shortestLine),
];
