/** `troupe waits`: its options, help and examples. */
import { Option, type Command } from 'commander';
import { defineCommand, commandGroup, commonOptions, type CommandContext } from './commandLine.ts';

/** Adds the commands for questions that wait for a person. */
export function addWaitCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  const waits = commandGroup(troupe, 'waits', 'questions that wait for a person');
  commonOptions(defineCommand(waits, 'list', 'list the open questions', 'troupe waits list --run job-42'))
    .option('--run <run>', 'of one run only')
    .action((options) => setExitCode(import('../commands/waits.ts').then(({ listWaits }) => listWaits(cli, options))));
  commonOptions(
    defineCommand(
      waits,
      'answer <ticket>',
      'answer a question, once',
      'troupe waits answer wait/job-42.call-0 --yes',
      'troupe waits answer wait/job-42.call-1 --happened no',
      'troupe waits answer wait/job-42.ask --answer \'{"city":"Berlin"}\'',
    ),
  )
    .addOption(new Option('-y, --yes', 'approve the call').conflicts(['no', 'happened', 'answer']))
    .addOption(new Option('--no', 'refuse the call').conflicts(['happened', 'answer']).default(undefined))
    .addOption(
      new Option('--happened <answer>', 'a call that may have happened: did it?')
        .choices(['yes', 'no'])
        .conflicts('answer'),
    )
    .option('--answer <json>', 'any other answer, as JSON that fits its schema')
    .option('--note <text>', 'a note for --yes, --no or --happened')
    .option('--by <name>', 'who answers; your user name by default')
    .action((ticket: string, options) =>
      setExitCode(import('../commands/waits.ts').then(({ answerWait }) => answerWait(cli, ticket, options))),
    );
  commonOptions(
    defineCommand(
      waits,
      'abort <ticket>',
      'withdraw a question: the actor that asked goes on without an answer',
      'troupe waits abort wait/job-42.ask --reason "no longer needed"',
    ),
  )
    .option('--reason <text>', 'for the record', 'withdrawn from the command line')
    .option('--by <name>', 'who withdraws it; your user name by default')
    .action((ticket: string, options) =>
      setExitCode(import('../commands/waits.ts').then(({ abortWait }) => abortWait(cli, ticket, options))),
    );
}
