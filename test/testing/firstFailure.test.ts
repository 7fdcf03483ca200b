/** A failed test with scripted models, as Vitest reports it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { built, root } from '../built.ts';

test('the first failure of a test with a scripted model is what one reads, and what is left of the script comes after it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-failing-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(
      join(folder, 'failing.test.ts'),
      `import { expect, test } from 'vitest';
       import { scriptedModel, scriptedTool } from ${JSON.stringify(built('src/testing/index.ts'))};
       test('both fail', async () => {
         using model = scriptedModel([{ text: 'never' }]);
         using tool = scriptedTool({ name: 'mail' }, [{ output: 'never' }]);
         expect(model.id).toBe('what one reads first');
       });`,
    );
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', '--reporter=json'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    expect(stderr).not.toContain('SuppressedError');
    const report = JSON.parse(stdout) as { testResults: [{ assertionResults: [{ failureMessages: string[] }] }] };
    const messages = report.testResults[0].assertionResults[0].failureMessages;
    expect(status).toBe(1);
    expect(messages.map((message) => /what one reads first|mail|scripted model/.exec(message)?.[0])).toEqual([
      'what one reads first',
      'mail',
      'scripted model',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
