/** `troupe node`, `nodes`, `ps`, `drain`, `migrate` and `invoke`: their options, help and examples. */
import { Option, type Command } from 'commander';
import {
  collect,
  defineCommand,
  parseCount,
  parseDuration,
  parseHostPort,
  parsePercent,
  commonOptions,
  followOptions,
  orchestratorOptions,
  parseWeight,
  type CommandContext,
} from './commandLine.ts';
import { choiceOptions } from './deployments.ts';

/** Adds the commands for nodes and their runs. */
export function addClusterCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  commonOptions(
    defineCommand(
      troupe,
      'node <files...>',
      'join a cluster: offer what the files define, take over runs that no process holds, leave on SIGTERM',
      'troupe node desk.ts writer.ts --nats nats://10.0.0.5:4222 --name a --label gpu',
    ),
  )
    .option('--name <name>', 'the name of the node; the host name by default')
    .option(
      '--label <label>',
      'something this node has that definitions may need, such as gpu; may be repeated',
      collect,
      [],
    )
    .option('--weight <number>', 'its share of the runs, relative to other nodes', parseWeight, 1)
    .option('--max-runs <count>', 'how many runs it holds at most', parseCount)
    .option('--health <[host:]port>', 'serve /healthz, /readyz and /metrics at this address', parseHostPort)
    .option('-s, --set <key=value>', 'for files that export a function: a property of its input', collect, [])
    .option('--env <file>', 'for workflows: an *.env.yaml with variables and providers')
    .option('--project-dir <folder>', 'for workflows: their project (the nearest one above each file)')
    .action((files: string[], options) =>
      setExitCode(import('../commands/node.ts').then(({ nodeCommand }) => nodeCommand(cli, files, options))),
    );
  commonOptions(
    defineCommand(troupe, 'nodes', 'list the nodes of a cluster, with what they offer', 'troupe nodes --nats $URL'),
  ).action((options) =>
    setExitCode(import('../commands/cluster.ts').then(({ nodesCommand }) => nodesCommand(cli, options))),
  );
  commonOptions(
    defineCommand(troupe, 'ps', 'list the runs in progress, with the node that holds each', 'troupe ps --nats $URL'),
  ).action((options) => setExitCode(import('../commands/cluster.ts').then(({ psCommand }) => psCommand(cli, options))));
  commonOptions(
    defineCommand(
      troupe,
      'drain <node>',
      'make a node release its runs and accept no more',
      'troupe drain a --nats $URL',
    ),
  ).action((node: string, options) =>
    setExitCode(import('../commands/cluster.ts').then(({ drainCommand }) => drainCommand(cli, node, options))),
  );
  commonOptions(
    defineCommand(
      troupe,
      'migrate [run]',
      'move a run, or the runs of one definition, to a node, between two messages',
      'troupe migrate job-42 --to b --nats $URL',
      'troupe migrate --of desk --to new --share 10 --dry-run   # who could move, and why others could not',
    ),
  )
    .requiredOption('--to <node>', 'the node to move to')
    .option('--of <name>', 'every run in progress of this definition')
    .option('--share <percent>', 'how many percent of those runs', parsePercent, 100)
    .option('--dry-run', 'only report which runs could move')
    .action((run: string | undefined, options) =>
      setExitCode(import('../commands/cluster.ts').then(({ migrateCommand }) => migrateCommand(cli, run, options))),
    );
  choiceOptions(
    orchestratorOptions(
      followOptions(
        defineCommand(
          troupe,
          'invoke <name>',
          'run a deployment, a definition that a node offers, or a workflow of an orchestrator; the result goes to stdout',
          'troupe invoke desk@canary --input \'{"topic":"actors"}\' --key job-42',
          'troupe invoke desk --input \'{"topic":"actors"}\' --key job-42 --nats $URL',
          'troupe invoke news --input \'{"topic":"actors"}\' --wait --orchestrator http://127.0.0.1:5050',
        ),
      ),
    ),
  )
    .option('-i, --input <json>', 'the input: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of the input; may be repeated', collect, [])
    .option(
      '-k, --key <id>',
      'the id of the run: joins the run with this id; without an input only its result is printed',
    )
    .option('--within <duration>', 'how long to wait for the result (10m); the run goes on in any case', parseDuration)
    .option('--retry', 'with --key: if that run has failed, go on from the step that failed')
    .option('--detach', 'only start it: nodes and the orchestrator go on with it; over HTTP it is so without --wait')
    .addOption(new Option('--wait', 'wait for the end, and fail when the run failed').conflicts('detach'))
    .action((name: string, options) =>
      setExitCode(import('../commands/invoke.ts').then(({ invokeCommand }) => invokeCommand(cli, name, options))),
    );
}
