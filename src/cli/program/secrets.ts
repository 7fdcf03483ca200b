/** `troupe secrets`: its options, help and examples. */
import { Option, type Command } from 'commander';
import { collect, commandGroup, defineCommand, parseCount, type CommandContext } from './commandLine.ts';

const secretsOptions = (command: Command): Command =>
  command
    .option('--db <file>', 'the journal whose folder has the secrets (TROUPE_DB, or ./.troupe/troupe.db)')
    .option('--json', 'print JSON for programs');

/** Adds the commands for secrets. */
export function addSecretCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  const secrets = commandGroup(troupe, 'secrets', 'keys of other services, kept encrypted beside the journal');
  const commands = () => import('../commands/secrets.ts');
  secretsOptions(
    defineCommand(
      secrets,
      'set <name>',
      'make a secret, or add keys to one',
      'troupe secrets set openai --value API_KEY',
      'troupe secrets set github --value USER=ada --value TOKEN < token.txt',
    ),
  )
    .option(
      '--value <key=value>',
      'a value with its key; KEY alone takes it from the environment variable KEY, or else asks for it or reads stdin. May be repeated',
      collect,
      [],
    )
    .addOption(new Option('--public', 'a new secret whose values may also be read over HTTP').conflicts('private'))
    .option('--private', 'make a public secret private')
    .action((name: string, options) => setExitCode(commands().then(({ setSecret }) => setSecret(cli, name, options))));
  secretsOptions(
    defineCommand(
      secrets,
      'show <name>',
      'show its keys, visibility and times',
      'troupe secrets show openai',
      'troupe secrets show openai --show-values --json',
    ),
  )
    .option('--show-values', 'show its values as well')
    .action((name: string, options) =>
      setExitCode(commands().then(({ showSecret }) => showSecret(cli, name, options))),
    );
  secretsOptions(defineCommand(secrets, 'list', 'list them by name, without values', 'troupe secrets list'))
    .option('--page <number>', 'which page, from 1', parseCount, 1)
    .option('--size <count>', 'secrets on a page, up to 1000', parseCount, 100)
    .action((options) => setExitCode(commands().then(({ listSecrets }) => listSecrets(cli, options))));
  secretsOptions(defineCommand(secrets, 'delete <name>', 'remove one', 'troupe secrets delete openai')).action(
    (name: string, options) => setExitCode(commands().then(({ deleteSecret }) => deleteSecret(cli, name, options))),
  );
  secretsOptions(
    defineCommand(
      secrets,
      'rotate',
      'encrypt all with a new key, which is added to the key file',
      'troupe secrets rotate',
      'TROUPE_SECRETS_KEY=NEW,OLD troupe secrets rotate   (with keys from the environment)',
    ),
  ).action((options) => setExitCode(commands().then(({ rotateSecrets }) => rotateSecrets(cli, options))));
}
