/** The stderr of an MCP server, bounded. */
import { expect, test } from 'vitest';
import { rejectionOf, testScope } from '../../src/testing/suites/scope.ts';
import { open } from './open.ts';

test("only the end of a server's stderr is kept, so it does not fill the memory", async () => {
  const program = `
    const line = Buffer.alloc(1024 * 1024, 'x');
    let left = 200;
    const write = () => {
      if (left-- > 0) process.stderr.write(line, write);
      else process.stderr.write('\\nthe very last words', () => process.exit(3));
    };
    write();`;
  const before = process.memoryUsage().rss;
  await using source = open({ name: 'loud', command: process.execPath, args: ['-e', program] }, { tries: 1 });
  const { message } = await rejectionOf(source.list(testScope().signal));
  expect(message).toContain('the very last words');
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
});
