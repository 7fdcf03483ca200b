/** Runs a generated story as if it had been pasted: its imports are replaced, and its test is called at once. */
import { expect } from 'vitest';
import { after, done, failed, play } from 'troupe/testing';

export function paste(story: string, subject: unknown): void {
  const [, name = ''] = /^import (\w+) from '\.\//m.exec(story) ?? [];
  const body = story.replace(/^import .*$/gm, '').replaceAll(' as const', '');
  const globals = { expect, after, done, failed, play, [name]: subject, test: (_: string, run: () => void) => run() };
  // oxlint-disable-next-line typescript/no-implied-eval -- The text is the code that a user would run.
  new Function(...Object.keys(globals), body)(...Object.values(globals));
}
