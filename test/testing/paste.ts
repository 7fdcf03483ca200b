/** Runs a generated story as if it had been pasted: its imports are replaced, and its test is called at once. */
import { expect } from 'vitest';
import { check } from 'troupe/check';
import { after, done, failed, play } from 'troupe/testing';

export async function paste(story: string, subject: unknown): Promise<void> {
  const [, name = ''] = /^import (\w+) from '\.\//m.exec(story) ?? [];
  const body = story.replace(/^import .*$/gm, '').replaceAll(' as const', '');
  let ran: unknown;
  const globals = {
    expect,
    check,
    after,
    done,
    failed,
    play,
    [name]: subject,
    test: (_: string, run: () => unknown) => (ran = run()),
  };
  // oxlint-disable-next-line typescript/no-implied-eval -- The text is the code that a user would run.
  new Function(...Object.keys(globals), body)(...Object.values(globals));
  await ran;
}
