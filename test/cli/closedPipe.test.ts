/** A command whose output is not read any more, as in `troupe run … | head -1`: what it has begun goes on, and its exit code says how that ended. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workspace, type Workspace } from './troupe.ts';

/** The exit code of a command whose output goes to `reader`, as a shell with `pipefail` has it. */
async function codeOf(at: Workspace, command: string, reader: string): Promise<number> {
  const { out } = await at.shell(`{ { ${command} 2>&1; echo $? >&3; } | ${reader} >reader; } 3>&1`);
  return Number(out);
}

test.each([
  ['done', 'true', 0],
  ['failed', 'head -1', 1],
  ['waiting', 'true', 3],
])(
  'a run that is %s in the end comes to it when `%s` does not read what it says, and ends with %i',
  async (end, reader, code) => {
    using at = workspace();
    expect(await codeOf(at, `troupe run ${at.fixture('talk.ts')} --input '${JSON.stringify({ end })}'`, reader)).toBe(
      code,
    );
    expect(existsSync(join(at.folder, 'noted'))).toBe(true);
  },
);

test('a list whose reader has closed the pipe ends without a failure', async () => {
  using at = workspace();
  await at.troupe('run', at.fixture('talk.ts'), '--input', '{"end":"done"}', '--quiet');
  expect(await codeOf(at, 'troupe runs list', 'true')).toBe(0);
});
