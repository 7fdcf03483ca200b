/** A process is killed with SIGKILL in the middle of what a cancelled flow undoes, and another goes on with that. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built } from '../built.ts';
import { workspace } from '../cli/troupe.ts';
import { limits } from '../limits.ts';
import { natsServer } from '../nats/server.ts';

const file = built(join(import.meta.dirname, 'fixtures/undo.ts'));

test.each<[string, () => Promise<{ readonly url: string } & AsyncDisposable>]>([
  ['on a file', async () => ({ url: '', async [Symbol.asyncDispose]() {} })],
  ['on a real server', natsServer],
])(
  'a process that is killed while it undoes what a cancelled flow did is followed by one that ends that, and repeats nothing: %s',
  { timeout: limits.long },
  async (_, journal) => {
    await using place = await journal();
    using dir = workspace();
    const on = place.url === '' ? [] : ['--nats', place.url];
    expect(await dir.troupe('run', file, '--key', 'k', ...on)).toMatchObject({ code: 3 });
    const answered = await dir.troupe('runs', 'cancel', 'k', '--reason', 'enough', ...on);
    expect(answered, answered.err).toMatchObject({ code: 0 });
    const killed = dir.start('runs', 'resume', 'k', ...on);
    await killed.until(/release has begun/);
    killed.process.kill('SIGKILL');
    await killed.ended;
    const meanwhile = await dir.troupe('runs', 'get', 'k', '--json', ...on);
    expect(JSON.parse(meanwhile.out)).toMatchObject({ status: 'active', tags: ['stopping'] });
    dir.file('go', '');
    const last = await dir.troupe('runs', 'resume', 'k', ...on);
    expect(last.err).toContain('enough');
    const { out } = await dir.troupe('runs', 'get', 'k', '--json', ...on);
    expect(JSON.parse(out)).toMatchObject({ execution: { status: 'cancelled', status_reason: 'enough' } });
    expect(readFileSync(join(dir.folder, 'done.txt'), 'utf8').trim().split('\n')).toEqual([
      'reserve k/reserve',
      'refund k/refund',
      'release begun k/release',
      'release begun k/release',
      'release k/release',
    ]);
  },
);
