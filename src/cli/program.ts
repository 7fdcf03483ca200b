/** Every command: its words, its options and an example. What it does is in the file of its name, loaded when it is called. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { milliseconds, type Duration } from '../contracts/duration.ts';
import { logLevels } from '../observe/levels.ts';
import { visible } from '../observe/words.ts';
import type { Cli } from './cli.ts';
import { codeOf, exit, messageOf } from './exit.ts';
import { runStatuses } from './options.ts';
import { discreet } from './secrets.ts';
import { version } from '../version.ts';

/** Runs a command line; resolves to its exit code and never rejects. */
export async function main(args: readonly string[], world: Cli): Promise<number> {
  const cli = discreet(world);
  let code: number = exit.done;
  const ends = (action: Promise<number>) => action.then((ended) => void (code = ended));
  try {
    await program(cli, ends).parseAsync([...args], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exit.done : exit.usage;
    cli.err.write(`${messageOf(thrown).split('\n').map(visible).join('\n')}\n`);
    return codeOf(thrown);
  }
}

type Ends = (action: Promise<number>) => Promise<void>;

function program(cli: Cli, ends: Ends): Command {
  const troupe = new Command('troupe')
    .description('Agent teams as typed actors: run them, watch them, answer them.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureOutput({
      writeOut: (text) => void cli.out.write(text),
      writeErr: (text) => void cli.err.write(text),
      getOutHelpWidth: () => cli.out.columns ?? 100,
      getErrHelpWidth: () => cli.err.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText(
      'after',
      example(
        'troupe run team.ts --input \'{"topic":"actors"}\'',
        'Exit codes: 0 done, 1 failed, 2 wrong usage or invalid file, 3 waits for a person.',
      ),
    );
  const command = (under: Command, usage: string, description: string, ...examples: string[]) => {
    const made = under
      .command(usage)
      .description(description)
      .addHelpText('after', example(...examples));
    const path = under === troupe ? made.name() : `${under.name()} ${made.name()}`;
    return made.showHelpAfterError(`See "troupe ${path} --help".`).allowExcessArguments(false);
  };

  sharedRun(
    command(
      troupe,
      'run <file>',
      'run a team, an agent, a machine, or agents in JSON; the result goes to stdout',
      'troupe run team.ts --input \'{"topic":"actors"}\' --key job-42',
      'troupe run agent.ts --input "What is an actor?"',
      'troupe run agents.json --task "Review this code." --target-agent reviewer',
    ),
  )
    .option('-i, --input <json>', 'what goes in: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of the input; may be repeated', collect, [])
    .option(
      '-k, --key <id>',
      'the same key is the same run: joined when it goes on, its result given again when it has ended',
    )
    .option('--deadline <duration>', 'within what time it must end, such as 90s, 10m, 2h', duration)
    .option('--task <text>', 'for agents in JSON: what is to be done, or - for stdin; may be repeated', collect, [])
    .option('--target-agent <id>', 'for agents in JSON: the one that has every task')
    .option('--execution-mode <mode>', 'for agents in JSON: auto, sequential, concurrent, parallel:N, pipeline')
    .option('--model <provider:model>', 'for agents in JSON: what they think with (TROUPE_MODEL)')
    .option('--system <text>', 'for agents in JSON: their instructions instead of those in the file')
    .option('--hardening <file>', 'for agents in JSON: limits and guardrails, as JSON')
    .action((file: string, options) => ends(import('./run.ts').then(({ run }) => run(cli, file, options))));

  command(
    troupe,
    'simulate <file>',
    'run a definition under many seeds, with everything going wrong that can',
    'troupe simulate team.ts --seeds 5000',
    'troupe simulate team.ts --seed 15 --until 812   # one that failed, up to a step, with what happened',
  )
    .option('-i, --input <json>', 'what goes in: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of the input; may be repeated', collect, [])
    .option('--seeds <count>', 'how many; 1000 unless told otherwise', count)
    .option('--seed <number>', 'the first one, or the only one when no count is given', count)
    .option('--until <step>', 'stop there and show what happened', count)
    .option('--faults <kinds>', 'only these, separated by commas, such as crash,drop')
    .option('--json', 'print JSON for programs')
    .action((file: string, options) =>
      ends(import('./simulate.ts').then(({ simulate }) => simulate(cli, file, options))),
    );

  const runs = group(troupe, 'runs', 'look at runs and steer them');
  shared(command(runs, 'list', 'list runs, newest first', 'troupe runs list --status active'))
    .addOption(new Option('--status <status>', 'only runs that stand like this').choices(runStatuses))
    .option('-n, --limit <count>', 'how many', count, 20)
    .action((options) => ends(import('./runs.ts').then(({ list }) => list(cli, options))));
  shared(
    command(
      runs,
      'get <run>',
      'show a run: how it stands, who is in it, what it gave',
      'troupe runs get job-42 --json',
    ),
  ).action((run: string, options) => ends(import('./runs.ts').then(({ get }) => get(cli, run, options))));
  shared(
    command(
      runs,
      'tail <run>',
      'follow a run until it ends, whichever process has it',
      'troupe runs tail job-42',
      'troupe runs tail job-42 --inspect --nats $URL',
    ),
  )
    .option('--inspect [port]', 'show it live in a browser on this machine', port)
    .action((run: string, options) => ends(import('./history.ts').then(({ tail }) => tail(cli, run, options))));
  shared(
    command(runs, 'logs <run>', 'print everything that happened in a run', 'troupe runs logs job-42 | grep callModel'),
  ).action((run: string, options) => ends(import('./history.ts').then(({ logs }) => logs(cli, run, options))));
  shared(
    command(runs, 'why <run>', 'explain in plain words why each actor is where it is', 'troupe runs why job-42'),
  ).action((run: string, options) => ends(import('./why.ts').then(({ why }) => why(cli, run, options))));
  shared(
    command(
      runs,
      'export <run>',
      'print a run as a cassette, to be played again by a test or by troupe check --against',
      'troupe runs export job-42 > job-42.json',
      'troupe runs export job-42 --redact "[0-9]{16}" > job-42.json',
    ),
  )
    .option('--redact <regex>', 'what to mask besides secrets of the environment; may be repeated', collect, [])
    .action((run: string, options) =>
      ends(import('./export.ts').then(({ exportRun }) => exportRun(cli, run, options))),
    );
  shared(
    command(runs, 'cancel <run>', 'stop a run; what it did stays', 'troupe runs cancel job-42 --reason "wrong topic"'),
  )
    .option('--reason <text>', 'for the record', 'cancelled from the command line')
    .action((run: string, options) => ends(import('./steer.ts').then(({ cancel }) => cancel(cli, run, options))));
  shared(
    command(runs, 'pause <run>', 'let a run finish what it is doing and begin nothing new', 'troupe runs pause job-42'),
  ).action((run: string, options) => ends(import('./steer.ts').then(({ pause }) => pause(cli, run, options))));
  shared(
    command(
      runs,
      'configure <run>',
      'give an orchestration that runs other limits, and other retries for tasks that have not begun',
      'troupe runs configure job-42 --hardening limits.json',
    ),
  )
    .requiredOption('--hardening <file>', 'limits and the condition of retries, as JSON')
    .action((run: string, options) => ends(import('./steer.ts').then(({ configure }) => configure(cli, run, options))));
  shared(
    command(
      runs,
      'reset <run>',
      'bring back every member of an orchestration that was taken out of rotation',
      'troupe runs reset job-42',
    ),
  ).action((run: string, options) => ends(import('./steer.ts').then(({ reset }) => reset(cli, run, options))));
  shared(
    command(
      runs,
      'prune',
      'forget runs that ended long ago, with everything that only they refer to',
      'troupe runs prune --older-than 30d',
    ),
  )
    .requiredOption('--older-than <duration>', 'how long ago they ended', duration)
    .action((options) => ends(import('./runs.ts').then(({ prune }) => prune(cli, options))));
  sharedRun(
    command(
      runs,
      'resume <run>',
      'go on with a run that was parked, paused, or whose process died',
      'troupe runs resume job-42',
    ),
  )
    .option('--file <file>', 'where its definition is now, when it has moved')
    .action((run: string, options) => ends(import('./resume.ts').then(({ resume }) => resume(cli, run, options))));

  const waits = group(troupe, 'waits', 'questions that wait for a person');
  shared(command(waits, 'list', 'list what is waiting', 'troupe waits list --run job-42'))
    .option('--run <run>', 'of one run only')
    .action((options) => ends(import('./waits.ts').then(({ list }) => list(cli, options))));
  shared(
    command(
      waits,
      'answer <ticket>',
      'answer a question, once',
      'troupe waits answer wait/job-42.call-0 --yes',
      'troupe waits answer wait/job-42.ask --answer \'{"city":"Berlin"}\'',
    ),
  )
    .addOption(new Option('-y, --yes', 'approve the call').conflicts(['no', 'answer']))
    .addOption(new Option('--no', 'refuse the call').conflicts(['answer']).default(undefined))
    .option('--answer <json>', 'any other answer, as JSON that fits its schema')
    .option('--note <text>', 'a word to go with --yes or --no')
    .option('--by <name>', 'who answers; you unless told otherwise')
    .action((ticket: string, options) => ends(import('./waits.ts').then(({ answer }) => answer(cli, ticket, options))));
  shared(
    command(
      waits,
      'abort <ticket>',
      'withdraw a question: whoever asked goes on without an answer',
      'troupe waits abort wait/job-42.ask --reason "no longer needed"',
    ),
  )
    .option('--reason <text>', 'for the record', 'withdrawn from the command line')
    .option('--by <name>', 'who withdraws it; you unless told otherwise')
    .action((ticket: string, options) => ends(import('./waits.ts').then(({ abort }) => abort(cli, ticket, options))));

  const dead = group(troupe, 'dead', 'messages that nobody took');
  shared(command(dead, 'list', 'list them with their reasons, newest first', 'troupe dead list --run job-42'))
    .option('--run <run>', 'of one run only')
    .option('-n, --limit <count>', 'how many', count, 100)
    .action((options) => ends(import('./dead.ts').then(({ list }) => list(cli, options))));
  shared(command(dead, 'show <id>', 'show one with what was in it', 'troupe dead show m-17')).action(
    (id: string, options) => ends(import('./dead.ts').then(({ show }) => show(cli, id, options))),
  );
  shared(
    command(dead, 'redrive <id>', 'send one again, as a new message to the same actor', 'troupe dead redrive m-17'),
  ).action((id: string, options) => ends(import('./dead.ts').then(({ redrive }) => redrive(cli, id, options))));

  shared(
    command(
      troupe,
      'node <files...>',
      'join a cluster: offer what the files define, take over runs that nobody has, leave on SIGTERM',
      'troupe node desk.ts writer.ts --nats nats://10.0.0.5:4222 --name a --label gpu',
    ),
  )
    .option('--name <name>', "what it is called; this machine's name unless told otherwise")
    .option('--label <label>', 'what it has that definitions may need; may be repeated', collect, [])
    .option('--weight <number>', 'its share of the runs against that of other nodes', weight, 1)
    .option('--max-runs <count>', 'how many runs it has at most', count)
    .option('--health <[host:]port>', 'serve /healthz and /readyz there', place)
    .option('-s, --set <key=value>', 'for files that export a function: a property of its input', collect, [])
    .action((files: string[], options) => ends(import('./node.ts').then(({ node }) => node(cli, files, options))));
  shared(
    command(troupe, 'nodes', 'list the nodes of a cluster, with what they offer', 'troupe nodes --nats $URL'),
  ).action((options) => ends(import('./cluster.ts').then(({ nodes }) => nodes(cli, options))));
  shared(command(troupe, 'ps', 'list the runs that go on, and which node has each', 'troupe ps --nats $URL')).action(
    (options) => ends(import('./cluster.ts').then(({ ps }) => ps(cli, options))),
  );
  shared(
    command(troupe, 'drain <node>', 'have a node let go of its runs and take no more', 'troupe drain a --nats $URL'),
  ).action((node: string, options) => ends(import('./cluster.ts').then(({ drain }) => drain(cli, node, options))));
  shared(
    command(
      troupe,
      'migrate [run]',
      'bring a run, or runs of one definition, to a node, between two of its messages',
      'troupe migrate job-42 --to b --nats $URL',
      'troupe migrate --of desk --to new --share 10 --dry-run   # who could move, and why others could not',
    ),
  )
    .requiredOption('--to <node>', 'where to')
    .option('--of <name>', 'every run of this definition that goes on')
    .option('--share <percent>', 'only so many of them', percent, 100)
    .option('--dry-run', 'only look')
    .action((run: string | undefined, options) =>
      ends(import('./cluster.ts').then(({ migrate }) => migrate(cli, run, options))),
    );
  shared(
    command(
      troupe,
      'invoke <name>',
      'have a node run what it offers; the result goes to stdout',
      'troupe invoke desk --input \'{"topic":"actors"}\' --key job-42 --nats $URL',
    ),
  )
    .option('-i, --input <json>', 'what goes in: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of the input; may be repeated', collect, [])
    .option('-k, --key <id>', 'the same key is the same run; without an input only its result is asked for')
    .option('--within <duration>', 'how long to wait for the result (10m); the run goes on in any case', duration)
    .option('--detach', 'only start it')
    .action((name: string, options) => ends(import('./invoke.ts').then(({ invoke }) => invoke(cli, name, options))));

  command(
    troupe,
    'graph <file>',
    'draw the chart of a team, an agent or a machine',
    'troupe graph team.ts',
    'troupe graph machine.ts --svg > chart.svg',
    'troupe graph team.ts --run job-42',
  )
    .option('--svg', 'a picture instead of mermaid text')
    .option('--run <run>', 'of a team: how this run of it stands, and how near the limit of its restarts')
    .option('--db <file>', 'the journal of that run (TROUPE_DB, or ./.troupe/troupe.db)')
    .option('-s, --set <key=value>', 'for a file that exports a function: a property of its input', collect, [])
    .action((file: string, options) => ends(import('./graph.ts').then(({ graph }) => graph(cli, file, options))));
  command(
    troupe,
    'cover [folder]',
    'show which states, transitions and outcomes of guards the tests have seen',
    'troupe cover --min-states 100 --min-transitions 100 --min-guards 100',
    'troupe cover --machine door --svg charts',
  )
    .option('--min-states <percent>', 'fail when a machine has less of its states covered', percent, 0)
    .option('--min-transitions <percent>', 'the same for its transitions', percent, 0)
    .option('--min-guards <percent>', 'the same for the outcomes of its guards, yes and no', percent, 0)
    .option('-m, --machine <id>', 'only this machine; may be repeated', collect, [])
    .option('--all', 'every run in the folder, not only the newest: for shards brought together')
    .addOption(new Option('--mermaid', 'the charts as mermaid text, with counts').conflicts('json'))
    .option('--svg <folder>', 'write a picture of each chart, coloured by what was seen')
    .option('--json', 'print JSON for programs')
    .action((folder: string | undefined, options) =>
      ends(import('./cover.ts').then(({ cover }) => cover(cli, folder, options))),
    );
  command(
    troupe,
    'check <file>',
    'look at everything that can happen in a team, an agent or a machine, and say what is wrong',
    'troupe check team.ts',
    'troupe check machine.ts --faults drop=2,dup=0,crash=1 --diagram',
    'troupe check team.ts --against job-42.json   # would a recorded run take the same path?',
  )
    .option('--against <cassette>', 'instead: would this recorded run take the same path? may be repeated', collect, [])
    .option('--json', 'print JSON for programs')
    .option('--diagram', 'draw each finding as a mermaid sequence diagram, too')
    .option('--max-states <count>', 'stop after so many states (50000)', count)
    .option('--max-depth <count>', 'look no further than so many events', count)
    .option('--within <duration>', 'stop after that time (60s)', duration)
    .option('--faults <list>', 'how often each may happen: drop=1,dup=1,crash=1')
    .option('-i, --input <json>', 'what it is started with: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'for a file that exports a function: a property of its input', collect, [])
    .action((file: string, options) => ends(import('./check.ts').then(({ check }) => check(cli, file, options))));
  command(
    troupe,
    'nats-config <files...>',
    'write a configuration for a NATS server, and a key for each role, from what files define',
    'troupe nats-config desk.ts --tenant shop --out nats',
    'troupe nats-config desk.ts --listen 0.0.0.0:4222 --tls cert.pem,key.pem',
  )
    .option('--tenant <name>', 'whose; default unless told otherwise; may be repeated', collect, [])
    .option('-o, --out <folder>', 'where to', 'nats')
    .option('--listen <host:port>', 'where the server listens (127.0.0.1:4222)')
    .option('--tls <cert,key,ca>', 'paths of its certificate and key; with ca, clients must show one that it signed')
    .option('--store <folder>', 'where the server keeps its streams (jetstream in the folder)')
    .option('--insecure', 'listen where others can reach it, without TLS')
    .option('--force', 'new keys for these tenants and roles, and a new nats.conf')
    .option('--json', 'print JSON for programs')
    .action((files: string[], options) =>
      ends(import('./natsConfig.ts').then(({ natsConfig }) => natsConfig(cli, files, options))),
    );
  shared(command(troupe, 'doctor', 'check that everything is here that should be', 'troupe doctor')).action((options) =>
    ends(import('./doctor.ts').then(({ doctor }) => doctor(cli, options))),
  );

  return troupe;
}

const group = (troupe: Command, name: string, description: string) =>
  troupe
    .command(name)
    .description(description)
    .showHelpAfterError(`See "troupe ${name} --help".`)
    .addHelpText('after', example(`troupe ${name} list`));

const shared = (command: Command) =>
  command
    .option('--db <file>', 'the journal (TROUPE_DB, or ./.troupe/troupe.db)')
    .option(
      '--nats <url>',
      'a NATS server that carries the messages, and keeps the journal unless --db does (TROUPE_NATS)',
    )
    .option('--nats-creds <file>', 'who we are to that server (TROUPE_NATS_CREDS)')
    .option('--tenant <name>', 'whose runs on that server (TROUPE_TENANT, or default)')
    .option('--json', 'print JSON for programs');

const sharedRun = (command: Command) =>
  shared(command)
    .option('--inspect [port]', 'show it live in a browser on this machine', port)
    .addOption(new Option('--log <level>', 'write a log to stderr').choices(logLevels).env('TROUPE_LOG'))
    .option('-q, --quiet', 'no progress')
    .option('--no-ask', 'do not ask questions here, even on a terminal');

const example = (...lines: string[]) =>
  `\nExamples:\n${lines.map((line) => `  ${line.startsWith('troupe') ? '$ ' : ''}${line}`).join('\n')}\n`;

const collect = (value: string, before: readonly string[]) => [...before, value];

function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 999999999.');
}
function percent(text: string): number {
  if (/^\d{1,3}(\.\d+)?$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError('Expected a percentage, 0 to 100.');
}
function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Expected a port, 0 to 65535.');
}
function weight(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Expected a number above 0.');
}
function place(text: string): { host: string; port: number } {
  const [, host = '127.0.0.1', number = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (number !== '' && Number(number) < 65_536) return { host, port: Number(number) };
  throw new InvalidArgumentError('Expected a port, or host:port, such as 8080 or 0.0.0.0:8080.');
}
function duration(text: string): number {
  try {
    return milliseconds(text as Duration);
  } catch {
    throw new InvalidArgumentError('Expected a number with a unit, above zero: 500ms, 90s, 10m, 2h, 1d.');
  }
}
