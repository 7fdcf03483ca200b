/** Real processes that run a flow are killed with SIGKILL, and others go on from the same file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../../built.ts';
import { workspace, type Workspace } from '../../cli/troupe.ts';
import { limits } from '../../limits.ts';

const file = built(join(import.meta.dirname, '../fixtures/branches.ts'));
const doneIn = ({ folder }: Workspace): string[] => readFileSync(join(folder, 'done.txt'), 'utf8').trim().split('\n');

/** Starts the flow, and kills its process while it waits for a person and its second checkpoint is at work. */
async function killInTheMiddle(dir: Workspace): Promise<string> {
  const first = dir.start('run', file, '--key', 'k');
  await Promise.all([first.until(/waits for a person/), first.until(/second has begun/)]);
  first.process.kill('SIGKILL');
  expect(await first.ended).toMatchObject({ code: null });
  const { out } = await dir.troupe('waits', 'list', '--json');
  const [ticket] = JSON.parse(out) as { id: string; name: string; run: string }[];
  expect(ticket).toMatchObject({ name: 'ok', run: 'k' });
  return ticket!.id;
}

test(
  'a process that is killed in the middle of a checkpoint and of a question: the answer comes while none is alive, and the next one performs only what had not ended',
  async () => {
    using dir = workspace();
    const ticket = await killInTheMiddle(dir);
    expect((await dir.troupe('waits', 'answer', ticket, '--answer', '"yes"')).code).toBe(0);
    dir.file('go', '');
    const second = await dir.troupe('run', file, '--key', 'k', '--quiet');
    expect(second, second.err).toMatchObject({ code: 0, out: 'yes\n' });
    expect(doneIn(dir)).toEqual([
      'first k/first',
      'second begun k/second',
      'second begun k/second',
      'second k/second',
      'last k/last',
    ]);
  },
  limits.long,
);

test(
  'two processes that resume a run at once: one of them runs it, and the other says so',
  async () => {
    using dir = workspace();
    const ticket = await killInTheMiddle(dir);
    expect((await dir.troupe('waits', 'answer', ticket, '--answer', '"yes"')).code).toBe(0);
    const both = [dir.start('runs', 'resume', 'k'), dir.start('runs', 'resume', 'k')];
    // Both have met the lease before the work goes on.
    await Promise.any(both.map(({ until }) => until(/Another process is at work/)));
    await Promise.any(both.map(({ until }) => until(/second has begun/)));
    dir.file('go', '');
    const ended = await Promise.all(both.map(({ ended }) => ended));
    expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([0, 3]));
    expect(ended.find(({ code }) => code === 0)?.out).toBe('yes\n');
    expect(doneIn(dir).filter((line) => !line.startsWith('second begun'))).toEqual([
      'first k/first',
      'second k/second',
      'last k/last',
    ]);
    expect(doneIn(dir).filter((line) => line.startsWith('second begun'))).toHaveLength(2);
  },
  limits.long,
);
