/** `troupe deploy` and `troupe deployments`: their options, help and examples. */
import type { Command } from 'commander';
import { collect, commandGroup, defineCommand, parseCount, parseReplicas, type CommandContext } from './commandLine.ts';

/** Adds the commands that keep versions of definitions and choose among them. */
export function addDeploymentCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  placeOptions(
    defineCommand(
      troupe,
      'deploy <file>',
      'keep the code of a file as a new version, which troupe invoke runs whatever becomes of the file',
      'troupe deploy desk.ts',
      'troupe deploy desk.ts --name news --input \'{"topic":"actors"}\' --tag canary',
      'troupe deploy news.workflow.yaml --tag prod --exclusive',
    ),
  )
    .option('--name <name>', 'the name of the deployment; that of the definition by default')
    .option('-i, --input <json>', 'the input where troupe invoke is given none: JSON, text, @file, or - for stdin')
    .option('-s, --set <key=value>', 'a property of that input; may be repeated', collect, [])
    .option(
      '-t, --tag <tag>',
      'a tag for the version; may be repeated. The first version gets the tag default',
      collect,
      [],
    )
    .option('--exclusive', 'these tags are on one version only: they move here')
    .option('--env <file>', 'for workflows: an *.env.yaml, whose values are read whenever the version is run')
    .option('--project-dir <folder>', 'for workflows: their project (the nearest one above the file)')
    .action((file: string, options) =>
      setExitCode(import('../commands/deploy.ts').then(({ deployCommand }) => deployCommand(cli, file, options))),
    );

  const deployments = commandGroup(
    troupe,
    'deployments',
    'show versions of deployments, and choose which is used',
  ).alias('deployment');
  const run = (call: (commands: typeof import('../commands/deployments.ts')) => Promise<number>) =>
    setExitCode(import('../commands/deployments.ts').then(call));

  placeOptions(
    defineCommand(deployments, 'list [name]', 'list versions, newest first', 'troupe deployments list desk'),
  ).action((name: string | undefined, options) => run(({ listDeployments }) => listDeployments(cli, name, options)));
  choiceOptions(
    placeOptions(
      defineCommand(
        deployments,
        'show <name>',
        'show a version: its tags, its code, and what it takes',
        'troupe deployments show desk',
        'troupe deployments show desk@canary --json',
      ),
    ),
  ).action((name: string, options) => run(({ showDeployment }) => showDeployment(cli, name, options)));
  placeOptions(
    defineCommand(
      deployments,
      'tag <name> <tag>',
      'put a tag on a version; an exclusive one is taken from the version that had it',
      'troupe deployments tag desk canary --version 3',
      'troupe deployments tag desk default --version 2   # back to version 2',
    ),
  )
    .requiredOption('--version <number>', 'the version', parseCount)
    .option('--exclusive', 'the tag is on one version only; default always is')
    .action((name: string, tag: string, options) => run(({ tagDeployment }) => tagDeployment(cli, name, tag, options)));
  placeOptions(
    defineCommand(
      deployments,
      'untag <name> <tag>',
      'take a tag from a version',
      'troupe deployments untag desk canary --version 3',
    ),
  )
    .requiredOption('--version <number>', 'the version', parseCount)
    .action((name: string, tag: string, options) =>
      run(({ untagDeployment }) => untagDeployment(cli, name, tag, options)),
    );
  choiceOptions(
    placeOptions(
      defineCommand(
        deployments,
        'curl <name>',
        'print a command that runs it over HTTP, at a troupe serve --deployments',
        'troupe deployments curl desk@canary --orchestrator http://127.0.0.1:5050 | sh',
      ),
    ),
  )
    .option('--orchestrator <url>', 'where it is served (TROUPE_ORCHESTRATOR_URL, or http://127.0.0.1:5050)')
    .action((name: string, options) =>
      setExitCode(
        import('../commands/deploymentCurl.ts').then(({ curlDeployment }) => curlDeployment(cli, name, options)),
      ),
    );
  placeOptions(
    defineCommand(
      deployments,
      'delete <name>',
      'delete a version that has no exclusive tag, or a whole deployment',
      'troupe deployments delete desk --version 1',
      'troupe deployments delete desk --all',
    ),
  )
    .option('--version <number>', 'the version', parseCount)
    .option('--all', 'all versions')
    .option('--code', 'also code that runs in the journal need: they cannot go on')
    .action((name: string, options) => run(({ deleteDeployment }) => deleteDeployment(cli, name, options)));
}

/** Where deployments are, and how they are printed. */
export const placeOptions = (command: Command): Command =>
  command
    .option('--db <file>', 'the journal that they are beside (TROUPE_DB, or ./.troupe/troupe.db)')
    .option('--nats <url>', 'a NATS server that keeps them for all processes of a tenant (TROUPE_NATS)')
    .option('--nats-creds <file>', 'a file with the credentials for that server (TROUPE_NATS_CREDS)')
    .option(
      '--nats-replicas <count>',
      'on how many servers of a NATS cluster they are stored when the first one is made (TROUPE_NATS_REPLICAS, or 1)',
      parseReplicas,
    )
    .option('--tenant <name>', 'the tenant on that server (TROUPE_TENANT, or default)')
    .option('--json', 'print JSON for programs');

/** Which version is meant. */
export const choiceOptions = (command: Command): Command =>
  command
    .option('--version <number>', 'of a deployment: this version', parseCount)
    .option('--tag <tag>', 'of a deployment: the version with this tag (default)');
