/** `troupe simulate`, `graph`, `cover`, `check`, `nats-config` and `doctor`: their options, help and examples. */
import { Option, type Command } from 'commander';
import {
  collect,
  defineCommand,
  parseCount,
  parseDuration,
  parsePercent,
  parseSize,
  commonOptions,
  type CommandContext,
} from './commandLine.ts';

/** Adds the commands that test, draw and deploy definitions. */
export function addDefinitionCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  defineCommand(
    troupe,
    'simulate <file>',
    'run a definition many times with simulated faults, each time with another seed',
    'troupe simulate team.ts --seeds 5000',
    'troupe simulate team.ts --seed 15 --only 3,17   # one that failed, with the faults that cause it',
    'troupe simulate team.ts --seed 15 --until 812   # the same up to a step, with all events',
  )
    .option('-i, --input <json>', 'the input: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of the input; may be repeated', collect, [])
    .option('--seeds <count>', 'how many seeds (1000)', parseCount)
    .option('--seed <number>', 'the first seed, or the only one without --seeds', parseCount)
    .option('--until <step>', 'stop at this step and show what happened', parseCount)
    .option('--faults <kinds>', 'only these kinds of faults, separated by commas, such as crash,drop; or none')
    .option('--only <numbers>', 'of one seed: only the faults with these numbers, as a failure prints them')
    .option('--json', 'print JSON for programs')
    .action((file: string, options) =>
      setExitCode(import('../commands/simulate.ts').then(({ simulateCommand }) => simulateCommand(cli, file, options))),
    );
  defineCommand(
    troupe,
    'graph <file>',
    'draw the chart of a team, an agent, a machine or a flow',
    'troupe graph team.ts',
    'troupe graph machine.ts --svg > chart.svg',
    'troupe graph team.ts --run job-42',
  )
    .option('--svg', 'a picture instead of mermaid text')
    .option('--run <run>', 'of a team: show the state of this run, and how many restarts count towards the limit')
    .option('--db <file>', 'the journal of that run (TROUPE_DB, or ./.troupe/troupe.db)')
    .option('-s, --set <key=value>', 'for a file that exports a function: a property of its input', collect, [])
    .action((file: string, options) =>
      setExitCode(import('../commands/graph.ts').then(({ graphCommand }) => graphCommand(cli, file, options))),
    );
  defineCommand(
    troupe,
    'cover [folder]',
    'show which states, transitions and guard outcomes the tests have covered',
    'troupe cover --min-states 100 --min-transitions 100 --min-guards 100',
    'troupe cover --machine door --svg charts',
  )
    .option('--min-states <percent>', 'fail when a machine has less of its states covered', parsePercent, 0)
    .option('--min-transitions <percent>', 'the same for its transitions', parsePercent, 0)
    .option('--min-guards <percent>', 'the same for the outcomes of its guards, yes and no', parsePercent, 0)
    .option('-m, --machine <id>', 'only this machine; may be repeated', collect, [])
    .option('--all', 'every test run in the folder, not only the newest, such as the shards of one run')
    .addOption(new Option('--mermaid', 'the charts as mermaid text, with counts').conflicts('json'))
    .option('--svg <folder>', 'write a picture of each chart, coloured by coverage')
    .option('--json', 'print JSON for programs')
    .action((folder: string | undefined, options) =>
      setExitCode(import('../commands/cover.ts').then(({ coverCommand }) => coverCommand(cli, folder, options))),
    );
  defineCommand(
    troupe,
    'check <file>',
    'explore every reachable state of a team, an agent or a machine, and report what is wrong',
    'troupe check team.ts',
    'troupe check machine.ts --faults drop=2,dup=0,crash=1 --diagram',
    'troupe check team.ts --against job-42.json   # would a recorded run take the same path?',
  )
    .option('--against <cassette>', 'instead: would this recorded run take the same path? may be repeated', collect, [])
    .option('--json', 'print JSON for programs')
    .option('--diagram', 'also draw each finding as a mermaid sequence diagram')
    .option('--max-states <count>', 'stop after so many states (50000)', parseCount)
    .option('--max-depth <count>', 'explore at most so many events from the start', parseCount)
    .option('--within <duration>', 'stop after that time (60s)', parseDuration)
    .option('--faults <list>', 'how often each may happen: drop=1,dup=1,crash=1')
    .option('-i, --input <json>', 'the input: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'for a file that exports a function: a property of its input', collect, [])
    .action((file: string, options) =>
      setExitCode(import('../commands/check.ts').then(({ checkCommand }) => checkCommand(cli, file, options))),
    );
  defineCommand(
    troupe,
    'nats-config <files...>',
    'write a configuration for a NATS server, and a key for each role, from what files define',
    'troupe nats-config desk.ts --tenant shop --out nats',
    'troupe nats-config desk.ts --tenant shop --max-storage 2G --max-connections 50',
    'troupe nats-config desk.ts --listen 0.0.0.0:4222 --tls cert.pem,key.pem',
  )
    .option('--tenant <name>', 'a tenant; "default" by default; may be repeated', collect, [])
    .option('-o, --out <folder>', 'the folder to write to', 'nats')
    .option('--listen <host:port>', 'where the server listens (127.0.0.1:4222)')
    .option('--tls <cert,key,ca>', 'paths of its certificate and key; with ca, clients must show one that it signed')
    .option('--store <folder>', 'where the server keeps its streams (jetstream in the folder)')
    .option('--insecure', 'listen where others can reach it, without TLS')
    .option('--max-storage <size>', 'what each of these tenants may store on the disks, such as 10G (10G)', parseSize)
    .option('--max-memory <size>', 'what it may store in the memory of the servers (256M)', parseSize)
    .option('--max-connections <count>', 'how many connections it may have (no limit)', parseCount)
    .option('--max-subscriptions <count>', 'how many subscriptions a connection may have (no limit)', parseCount)
    .option('--max-payload <size>', "how large a message may be (the server's limit)", parseSize)
    .option('--force', 'new keys for these tenants and roles, and a new nats.conf')
    .option('--json', 'print JSON for programs')
    .action((files: string[], options) =>
      setExitCode(
        import('../commands/natsConfig.ts').then(({ natsConfigCommand }) => natsConfigCommand(cli, files, options)),
      ),
    );
  commonOptions(
    defineCommand(
      troupe,
      'doctor',
      'check that everything troupe needs is present and works',
      'troupe doctor',
      'troupe doctor --repair         # which damaged runs would be set aside',
      'troupe doctor --repair --yes   # sets them aside, and keeps a copy of each',
    )
      .option('--repair', 'show which damaged runs would be set aside, so that their keys are free')
      .option('--yes', 'with --repair: do it'),
  ).action((options) =>
    setExitCode(import('../commands/doctor.ts').then(({ doctorCommand }) => doctorCommand(cli, options))),
  );
}
