/** `troupe dead`: its options, help and examples. */
import type { Command } from 'commander';
import { defineCommand, parseCount, commandGroup, commonOptions, type CommandContext } from './commandLine.ts';

/** Adds the commands for dead letters. */
export function addDeadLetterCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  const dead = commandGroup(troupe, 'dead', 'dead letters: messages that no actor accepted');
  commonOptions(
    defineCommand(dead, 'list', 'list them with their reasons, newest first', 'troupe dead list --run job-42'),
  )
    .option('--run <run>', 'of one run only')
    .option('--all', 'those that were sent again or dropped, too')
    .option('-n, --limit <count>', 'how many', parseCount, 100)
    .action((options) =>
      setExitCode(import('../commands/deadLetters.ts').then(({ listDeadLetters }) => listDeadLetters(cli, options))),
    );
  commonOptions(defineCommand(dead, 'show <id>', 'show one with its body', 'troupe dead show m-17')).action(
    (id: string, options) =>
      setExitCode(import('../commands/deadLetters.ts').then(({ showDeadLetter }) => showDeadLetter(cli, id, options))),
  );
  commonOptions(
    defineCommand(
      dead,
      'redrive <id>',
      'send one again, once, as a new message to the same actor',
      'troupe dead redrive m-17',
    ),
  ).action((id: string, options) =>
    setExitCode(
      import('../commands/deadLetters.ts').then(({ redriveDeadLetter }) => redriveDeadLetter(cli, id, options)),
    ),
  );
  commonOptions(
    defineCommand(dead, 'drop <id>', 'mark one as dropped; nothing is deleted', 'troupe dead drop m-17 --reason stale'),
  )
    .option('--reason <text>', 'why, for the record')
    .action((id: string, options) =>
      setExitCode(import('../commands/deadLetters.ts').then(({ dropDeadLetter }) => dropDeadLetter(cli, id, options))),
    );
}
