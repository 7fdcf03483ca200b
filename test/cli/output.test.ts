/** How outputs and messages are printed. */
import { expect, test } from 'vitest';
import { writeMessage, writeOutput } from '../../src/cli/output/write.ts';
import { hideSecrets } from '../../src/cli/output/hideSecrets.ts';
import { fakeCli } from './fakeCli.ts';
import type { Json } from '../../src/values/json.ts';

function written(value: Json, isTTY: boolean): string {
  let text = '';
  writeOutput({ isTTY, write: (part: string) => ((text += part), true) } as Parameters<typeof writeOutput>[0], value);
  return text;
}

test('an output of texts is printed as text on a terminal, and as JSON into a pipe', () => {
  const article = { title: 'Tea', text: 'Hot.\nNot boiling.' };
  expect(written(article, true)).toBe('Tea\n\nHot.\nNot boiling.\n');
  expect(JSON.parse(written(article, false))).toEqual(article);
});

test('any other output is printed as JSON everywhere', () => {
  for (const value of [{ n: 1, text: 'a\nb' }, ['a\nb'], { a: 'b' }, null, 3])
    expect(JSON.parse(written(value, true))).toEqual(value);
});

test('a text cannot move the cursor of a terminal', () => {
  expect(written('a\u001b[2Jb', true)).not.toContain('\u001b');
  expect(written({ text: 'a\u001b[2J\nb' }, true)).not.toContain('\u001b');
});

test('no message of a command contains the value of a secret', () => {
  let output = '';
  const err = { write: (text: string) => (output += text), isTTY: true, columns: 80 };
  const cli = hideSecrets(fakeCli({ env: { MY_API_TOKEN: 'supersecretvalue', HOME: '/home/ada' }, err }));
  writeMessage(cli, 'The run job-1 failed (invalid): bad key supersecretvalue in /home/ada');
  expect(output).toBe('The run job-1 failed (invalid): bad key [redacted] in /home/ada\n');
  expect(cli.err).toMatchObject({ isTTY: true, columns: 80 });
  cli.mask.hide(['read-later-from-a-store']);
  writeMessage(cli, 'read-later-from-a-store');
  expect(output.split('\n')[1]).toBe('[redacted]');
});
