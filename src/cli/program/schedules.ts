/** `troupe schedules`: its options, help and examples. */
import { Option, type Command } from 'commander';
import { backfillPolicies, overlapPolicies } from '../../deployments/schedules/record.ts';
import {
  collect,
  commandGroup,
  commonOptions,
  defineCommand,
  followOptions,
  type CommandContext,
} from './commandLine.ts';
import { placeOptions } from './deployments.ts';

/** Adds the commands that start runs of deployments when they are due. */
export function addScheduleCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  const schedules = commandGroup(
    troupe,
    'schedules',
    'start runs of deployments at times of a cron expression',
    "troupe schedules add daily --cron '0 9 * * 1-5' --timezone Europe/Berlin --deployment desk",
  ).alias('schedule');
  const run = (call: (commands: typeof import('../commands/schedules.ts')) => Promise<number>) =>
    setExitCode(import('../commands/schedules.ts').then(call));

  placeOptions(
    defineCommand(
      schedules,
      'add <name>',
      'make a schedule; its runs are started by troupe schedules run',
      "troupe schedules add daily --cron '0 9 * * 1-5' --timezone Europe/Berlin --deployment desk",
      "troupe schedules add poll --cron '*/5 * * * *' --deployment desk@canary --overlap queue --backfill last",
    ),
  )
    .requiredOption('--cron <expression>', 'minute hour day month weekday; with six fields seconds come first')
    .requiredOption('--deployment <name>', 'what is run: desk, desk@canary, or desk@3')
    .option('--timezone <zone>', 'the time zone of the expression, such as Europe/Berlin', 'UTC')
    .option('-i, --input <json>', 'the input of each run: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of that input; may be repeated', collect, [])
    .addOption(
      new Option('--overlap <policy>', 'what happens when a run is due while the one before is at work')
        .choices(overlapPolicies)
        .default('skip'),
    )
    .addOption(
      new Option('--backfill <policy>', 'which runs are made up for that were due while no process looked')
        .choices(backfillPolicies)
        .default('none'),
    )
    .action((name: string, options) => run(({ addSchedule }) => addSchedule(cli, name, options)));
  placeOptions(
    defineCommand(schedules, 'list', 'list schedules, with when each is due next', 'troupe schedules list --json'),
  ).action((options) => run(({ listSchedules }) => listSchedules(cli, options)));
  placeOptions(
    defineCommand(schedules, 'pause <name>', 'start nothing until it is resumed', 'troupe schedules pause daily'),
  ).action((name: string, options) => run(({ pauseSchedule }) => pauseSchedule(cli, name, true, options)));
  placeOptions(
    defineCommand(
      schedules,
      'resume <name>',
      'go on; what was due while it was paused is not made up for',
      'troupe schedules resume daily',
    ),
  ).action((name: string, options) => run(({ pauseSchedule }) => pauseSchedule(cli, name, false, options)));
  placeOptions(
    defineCommand(schedules, 'delete <name>', 'delete a schedule; its runs go on', 'troupe schedules delete daily'),
  ).action((name: string, options) => run(({ deleteSchedule }) => deleteSchedule(cli, name, options)));
  followOptions(
    defineCommand(
      schedules,
      'run-now <name>',
      'start a run of it now, in this process; the result goes to stdout',
      'troupe schedules run-now daily',
    ),
  ).action((name: string, options) =>
    setExitCode(import('../commands/scheduleNow.ts').then(({ runScheduleNow }) => runScheduleNow(cli, name, options))),
  );
  commonOptions(
    defineCommand(
      schedules,
      'run',
      'start the runs of all schedules when they are due, until SIGTERM; any number of processes may do so',
      'troupe schedules run',
      'troupe schedules run --once   # what is due now, such as from a timer of the system',
    ),
  )
    .option('--once', 'look once, wait for the runs that were started, and end')
    .action((options) =>
      setExitCode(import('../commands/schedulesRun.ts').then(({ runSchedules }) => runSchedules(cli, options))),
    );
}
