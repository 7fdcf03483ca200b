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
      'answer [target]',
      'answer a question, once: by its ticket, or by its run',
      'troupe waits answer job-42 --value \'{"ok":true}\'',
      'troupe waits answer job-42 --wait approve --abort',
      'troupe waits answer --interactive',
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
    .addOption(new Option('--value <json>', 'the same as --answer').conflicts(['yes', 'no', 'happened', 'answer']))
    .option('--wait <name>', 'of a run with several questions: which one, by its name or its id')
    .option('--abort [reason]', 'withdraw the question; a flow ends with that')
    .option('--interactive', 'go through the open questions here, one after the other')
    .option('--note <text>', 'a note for --yes, --no or --happened')
    .option('--by <name>', 'who answers; your user name by default')
    .action((target: string | undefined, options) =>
      setExitCode(import('../commands/waits.ts').then(({ answerWait }) => answerWait(cli, target, options))),
    );
  commonOptions(
    defineCommand(
      waits,
      'abort <target>',
      'withdraw a question, by its ticket, or by its run: the actor that asked goes on without an answer, and a flow ends',
      'troupe waits abort job-42 --wait approve',
      'troupe waits abort wait/job-42.ask --reason "no longer needed"',
    ),
  )
    .option('--wait <name>', 'of a run with several questions: which one, by its name or its id')
    .option('--reason <text>', 'for the record', 'withdrawn from the command line')
    .option('--by <name>', 'who withdraws it; your user name by default')
    .action((target: string, options) =>
      setExitCode(import('../commands/waits.ts').then(({ abortWait }) => abortWait(cli, target, options))),
    );
}
