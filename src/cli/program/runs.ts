/** `troupe run` and `troupe runs`: their options, help and examples. */
import { Option, type Command } from 'commander';
import { orchestratorStatuses, runStatuses } from '../options.ts';
import {
  collect,
  defineCommand,
  parseCount,
  parseDuration,
  commandGroup,
  parsePlace,
  parsePort,
  commonOptions,
  followOptions,
  orchestratorOptions,
  type CommandContext,
} from './commandLine.ts';

/** Adds the commands that start, show and control runs. */
export function addRunCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  followOptions(
    defineCommand(
      troupe,
      'run <file>',
      'run a team, an agent, a machine, a flow, agents in JSON, or a workflow in YAML; the result goes to stdout',
      'troupe run team.ts --input \'{"topic":"actors"}\' --key job-42',
      'troupe run agent.ts --input "What is an actor?"',
      'troupe run agent.ts --input "What is on it?" --file picture.png',
      'troupe run greet.ts --input \'{"who":"ada"}\' --key greet-1   # a flow: exit code 3 when it waits for a person',
      'troupe run agents.json --task "Review this code." --target-agent reviewer',
      'troupe run news.workflow.yaml --input \'{"topic":"actors"}\' --env test.env.yaml',
    ),
  )
    .option('-i, --input <json>', 'the input: JSON, text, @file, or - for stdin')
    .option('-f, --file <path>', 'an image, audio or a file beside the input; may be repeated', collect, [])
    .option('-s, --set <key=value>', 'a property of the input; may be repeated', collect, [])
    .option(
      '-k, --key <id>',
      'the id of the run (a-z, 0-9, ". _ -"): joins the run with this id, or prints its result again when it has ended',
    )
    .option('--retry', 'with --key: if that run has failed, go on from the step that failed')
    .option('--deadline <duration>', 'the time within which it must end, such as 90s, 10m, 2h', parseDuration)
    .option('--task <text>', 'for agents in JSON: a task, or - for stdin; may be repeated', collect, [])
    .option('--target-agent <id>', 'for agents in JSON: the agent that gets every task')
    .option('--execution-mode <mode>', 'for agents in JSON: auto, sequential, concurrent, parallel:N, pipeline')
    .option('--model <provider:model>', 'for agents in JSON: their model (TROUPE_MODEL)')
    .option('--system <text>', 'for agents in JSON: their instructions instead of those in the file')
    .option('--hardening <file>', 'for agents in JSON: limits and guardrails, as JSON')
    .option('--env <file>', 'for workflows: an *.env.yaml with variables and providers')
    .option('--project-dir <folder>', 'for workflows: their project (the nearest one above the file)')
    .action((file: string, options) =>
      setExitCode(import('../commands/run.ts').then(({ runCommand }) => runCommand(cli, file, options))),
    );

  const runs = commandGroup(troupe, 'runs', 'show runs and control them');
  orchestratorOptions(
    commonOptions(
      defineCommand(
        runs,
        'list',
        'list runs, newest first',
        'troupe runs list --status active',
        'troupe runs list --flow publish --status waiting',
        'troupe runs list --workflow news --orchestrator http://127.0.0.1:5050',
      ),
    ),
  )
    .addOption(
      new Option('--status <status>', 'only runs with this status; the last one is of an orchestrator').choices([
        ...runStatuses,
        ...orchestratorStatuses,
      ]),
    )
    .option('--flow <name>', 'only runs of the definition with exactly this name')
    .option('--cursor <cursor>', 'page by page: "first", then what the page before says; the JSON is { items, next }')
    .option('--workflow <name>', 'of an orchestrator: only runs of this workflow')
    .option('-n, --limit <count>', 'how many', parseCount, 20)
    .action((options) => setExitCode(import('../commands/runs.ts').then(({ listRuns }) => listRuns(cli, options))));
  orchestratorOptions(
    commonOptions(
      defineCommand(
        runs,
        'get <run>',
        'show a run: its status, its actors and its result',
        'troupe runs get job-42 --json',
        'troupe runs get run_7f3a --orchestrator http://127.0.0.1:5050',
      ),
    ),
  ).action((run: string, options) =>
    setExitCode(import('../commands/showRun.ts').then(({ showRun }) => showRun(cli, run, options))),
  );
  commonOptions(
    defineCommand(
      runs,
      'tail <run>',
      'follow a run until it ends, whichever process runs it',
      'troupe runs tail job-42',
      'troupe runs tail job-42 --inspect --nats $URL',
    ),
  )
    .option('--inspect [port]', 'show the run live in a browser on this machine', parsePort)
    .action((run: string, options) =>
      setExitCode(import('../commands/history.ts').then(({ tailRun }) => tailRun(cli, run, options))),
    );
  commonOptions(
    defineCommand(
      runs,
      'logs <run>',
      'print everything that happened in a run; of a flow its log',
      'troupe runs logs job-42 | grep callModel',
      'troupe runs logs job-42 --checkpoint draft --limit 20',
      'troupe runs logs job-42 --follow',
    ),
  )
    .option('--checkpoint <call>', 'only lines of calls with this name or invocation id')
    .addOption(new Option('--source <source>', 'only lines of calls, or of the run itself').choices(['step', 'runner']))
    .option('-n, --limit <count>', 'how many lines', parseCount)
    .option('--after <place>', 'only lines after this place (`seq` in JSON)', parsePlace)
    .option('--follow', 'go on until the run has ended')
    .action((run: string, options) =>
      setExitCode(import('../commands/history.ts').then(({ printLogs }) => printLogs(cli, run, options))),
    );
  commonOptions(
    defineCommand(runs, 'timeline <run>', 'show when each call of a run was under way', 'troupe runs timeline job-42'),
  ).action((run: string, options) =>
    setExitCode(import('../commands/compareRuns.ts').then(({ showTimeline }) => showTimeline(cli, run, options))),
  );
  commonOptions(
    defineCommand(runs, 'diff <run> <other>', 'show how two runs differ', 'troupe runs diff job-42 job-43 --json'),
  ).action((run: string, other: string, options) =>
    setExitCode(import('../commands/compareRuns.ts').then(({ diffRuns }) => diffRuns(cli, run, other, options))),
  );
  commonOptions(
    defineCommand(
      runs,
      'signal <run> <name>',
      'send a value to a flow that waits for it by name',
      'troupe runs signal job-42 news --value \'{"title":"Actors"}\'',
    ),
  )
    .option('--value <json>', 'the value, as JSON', 'null')
    .action((run: string, name: string, options) =>
      setExitCode(import('../commands/compareRuns.ts').then(({ signalRun }) => signalRun(cli, run, name, options))),
    );
  followOptions(
    defineCommand(
      runs,
      'replay <run>',
      'begin a new run of a flow with the results of another one; what is named and what follows it is performed anew',
      'troupe runs replay job-42 --from draft',
      'troupe runs fork job-42 --overrides \'{"checkpoint.research":"other notes"}\'',
      'troupe runs replay job-42 --from draft --plan',
    ).alias('fork'),
  )
    .option('--from <call>', 'the call from which it is performed anew: its name, invocation id, or RUN/ID')
    .option('--overrides <json>', 'results to give instead: {"checkpoint.CALL": …, "wait.CALL": …}')
    .option('--encoded', 'in the overrides, dates and maps are written with a tag: {"$":"date","value":0}')
    .option('-i, --input <json>', 'fields of the input to replace, as a JSON object')
    .option('-k, --key <id>', 'the id of the new run')
    .option('--file <file>', 'the file of its definition, when it has moved')
    .option('--plan', 'only show what would be taken and performed')
    .action((run: string, options) =>
      setExitCode(import('../commands/replay.ts').then(({ replayCommand }) => replayCommand(cli, run, options))),
    );
  commonOptions(
    defineCommand(runs, 'why <run>', 'explain why each actor is in its state', 'troupe runs why job-42'),
  ).action((run: string, options) =>
    setExitCode(import('../commands/why.ts').then(({ whyCommand }) => whyCommand(cli, run, options))),
  );
  commonOptions(
    defineCommand(
      runs,
      'export <run>',
      'print a run as a cassette, which a test or troupe check --against replays',
      'troupe runs export job-42 > job-42.json',
      'troupe runs export job-42 --redact "[0-9]{16}" > job-42.json',
    ),
  )
    .option('--redact <regex>', 'what to mask besides secrets of the environment; may be repeated', collect, [])
    .action((run: string, options) =>
      setExitCode(import('../commands/export.ts').then(({ exportCommand }) => exportCommand(cli, run, options))),
    );
  commonOptions(
    defineCommand(
      runs,
      'cancel <run>',
      'stop a run; what it did stays',
      'troupe runs cancel job-42 --reason "wrong topic"',
    ),
  )
    .option('--reason <text>', 'for the record', 'cancelled from the command line')
    .action((run: string, options) =>
      setExitCode(import('../commands/control.ts').then(({ cancelRun }) => cancelRun(cli, run, options))),
    );
  commonOptions(
    defineCommand(
      runs,
      'pause <run>',
      'pause a run: running effects finish, and no new ones start',
      'troupe runs pause job-42',
    ),
  ).action((run: string, options) =>
    setExitCode(import('../commands/control.ts').then(({ pauseRun }) => pauseRun(cli, run, options))),
  );
  commonOptions(
    defineCommand(
      runs,
      'configure <run>',
      'change the limits of a running orchestration, and the retries of tasks that have not started',
      'troupe runs configure job-42 --hardening limits.json',
    ),
  )
    .requiredOption('--hardening <file>', 'limits and the condition of retries, as JSON')
    .action((run: string, options) =>
      setExitCode(import('../commands/control.ts').then(({ configureRun }) => configureRun(cli, run, options))),
    );
  commonOptions(
    defineCommand(
      runs,
      'reset <run>',
      'put every member of an orchestration back into rotation',
      'troupe runs reset job-42',
    ),
  ).action((run: string, options) =>
    setExitCode(import('../commands/control.ts').then(({ resetRun }) => resetRun(cli, run, options))),
  );
  commonOptions(
    defineCommand(
      runs,
      'prune',
      'delete runs that ended long ago, with all data that only they refer to',
      'troupe runs prune --older-than 30d',
    ),
  )
    .requiredOption('--older-than <duration>', 'how long ago they ended', parseDuration)
    .action((options) => setExitCode(import('../commands/runs.ts').then(({ pruneRuns }) => pruneRuns(cli, options))));
  followOptions(
    defineCommand(
      runs,
      'resume <run>',
      'resume a run that was parked or paused, or whose process died',
      'troupe runs resume job-42',
    ),
  )
    .option('--file <file>', 'the file of its definition, when it has moved')
    .action((run: string, options) =>
      setExitCode(import('../commands/resume.ts').then(({ resumeCommand }) => resumeCommand(cli, run, options))),
    );
  followOptions(
    defineCommand(
      runs,
      'retry <run>',
      'go on with a run that failed from the step that failed; what succeeded is kept, and a changed definition is taken',
      'troupe runs retry job-42',
    ),
  )
    .option('--file <file>', 'the file of its definition, when it has moved')
    .option('--deadline <duration>', 'the time within which it must end; as much as at first by default', parseDuration)
    .action((run: string, options) =>
      setExitCode(import('../commands/retry.ts').then(({ retryCommand }) => retryCommand(cli, run, options))),
    );
}
