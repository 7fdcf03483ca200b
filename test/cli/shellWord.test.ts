/** Words of a command that a message tells: a shell gives the program the very text, and a terminal shows no control character. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { escapeControls } from '../../src/observe/format.ts';
import { journalOption, shellWord } from '../../src/cli/output/shellWord.ts';
import { formatSignal } from '../../src/cli/output/ticketText.ts';

test.each([
  'plain-1.db',
  "ada's own $(x) `y`.db",
  '',
  'a\nb',
  'tab\there',
  '\u001b[2J',
  "100 %d \\n 'q'\n1",
  'caf\u00e9\u202ex',
  '-n\tx',
])('a shell reads %j as it is', (text) => {
  const word = shellWord(text);
  expect(escapeControls(word)).toBe(word);
  const { stdout } = spawnSync(
    'sh',
    ['-c', `"$0" -e 'process.stdout.write(JSON.stringify(process.argv.slice(1)))' -- ${word}`, process.execPath],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(stdout)).toEqual([text]);
});

test('the command that sends a signal takes a name that begins with a dash as a name', () => {
  expect(formatSignal({ run: 'r', actor: 'flow/r', name: '-now' }, ' --db kept.db')).toContain(
    '\n  troupe runs signal --db kept.db --value JSON -- r -now',
  );
  expect(formatSignal({ run: 'r', actor: 'flow/r', name: 'now' }, '')).toContain(
    '\n  troupe runs signal r now --value JSON',
  );
});

test('a command is told with the server that it was given, and without a password', () => {
  const told = { nats: 'nats://ada:s3cret@a:4222,t0ken@b', natsCreds: 'my.creds', tenant: 'one' };
  expect(journalOption(told)).toBe(
    ' --nats nats://USER:PASSWORD@a:4222,USER:PASSWORD@b --nats-creds my.creds --tenant one'.replace(
      /(--nats )(\S+)/,
      "$1'$2'",
    ),
  );
  expect(journalOption({ ...told, db: 'kept.db' })).toBe(' --db kept.db');
  expect(journalOption({})).toBe('');
});
