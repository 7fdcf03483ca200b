/** A tool that throws when it is told to stop harms its own run at most: not its process, and not the runs of others. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';

const program = built(join(import.meta.dirname, 'fixtures/strayAbort.ts'));
const runProgram = (how: string) =>
  new Promise<{ code: unknown; out: string; err: string }>((resolve) =>
    execFile(process.execPath, [program, how], (error, out, err) => resolve({ code: error?.code ?? 0, out, err })),
  );

test.concurrent.each([
  ['is cancelled', 'cancel', /^cancelled$/],
  ['is cancelled, and throws a moment later', 'cancel later', /^cancelled$/],
  ['reaches its deadline', 'deadline', /^failed: The run did not end by its deadline/],
  ['is parked', 'park', /^parked$/],
  // The run is still at work, and its tool has gone wrong.
  ['has a call that reaches its timeout', 'timeout', /^failed: "act" of agent\/\S+ threw where nothing could catch it/],
])('a tool that throws when it is told to stop, because its run %s, harms no other run', async (_, how, says) => {
  const { code, out, err } = await runProgram(how);
  expect(out.split('\n')).toEqual([expect.stringMatching(says), 'done', '']);
  if (how === 'timeout') expect(err).toBe('');
  else
    expect(err).toMatch(
      /TroupeWarning: "\w+" of agent\/\S+ threw where nothing could catch it, when its run was no longer at work in this process: boom/,
    );
  expect(code).toBe(0);
});
