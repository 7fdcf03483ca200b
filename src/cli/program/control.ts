/** `troupe control`, `troupe mcp` and `troupe auth`: their options, help and examples. */
import type { Command } from 'commander';
import { commandGroup, commonOptions, defineCommand, parsePort, type CommandContext } from './commandLine.ts';

/** Adds the commands by which other programs and assistants work with runs. */
export function addControlCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  commonOptions(
    defineCommand(
      troupe,
      'control [files...]',
      'serve the runs of the journal over HTTP, and start those of these files, until SIGTERM',
      'troupe control flows/publish.ts',
      'curl http://127.0.0.1:5060/v1/executions',
    ),
  )
    .option('--host <host>', 'where it listens', '127.0.0.1')
    .option('--port <port>', 'on which port; 0 for a free one', parsePort, 5060)
    .option('--token <token>', 'what an administrator must show (TROUPE_HTTP_TOKEN)')
    .action((files: string[], options) =>
      setExitCode(
        import('../commands/controlServer.ts').then(({ controlServerCommand }) =>
          controlServerCommand(cli, files, options),
        ),
      ),
    );
  commonOptions(
    defineCommand(
      troupe,
      'mcp [files...]',
      'give an assistant the runs of the journal as tools, over stdin and stdout (MCP)',
      'troupe mcp flows/publish.ts',
      'troupe mcp --url http://127.0.0.1:5060 --token $TOKEN',
    ),
  )
    .option('--url <url>', 'a control server that has the runs, instead of the journal')
    .option('--token <token>', 'the token for that server (TROUPE_TOKEN)')
    .action((files: string[], options) =>
      setExitCode(import('../commands/mcp.ts').then(({ mcpCommand }) => mcpCommand(cli, files, options))),
    );

  const auth = commandGroup(troupe, 'auth', 'tokens for programs that reach a control server');
  const commands = () => import('../commands/auth.ts');
  const tokenOptions = (command: Command): Command =>
    command
      .option('--db <file>', 'the journal whose folder has the tokens (TROUPE_DB, or ./.troupe/troupe.db)')
      .option('--json', 'print JSON for programs');
  tokenOptions(
    defineCommand(auth, 'create <name>', 'make a token and print it', 'troupe auth create ci --expires-in 30d'),
  )
    .option('--expires-in <duration>', 'how long it can be used, such as 12h or 30d (for ever)')
    .action((name: string, options) => setExitCode(commands().then((each) => each.createToken(cli, name, options))));
  tokenOptions(
    defineCommand(auth, 'list', 'list the tokens, without the tokens themselves', 'troupe auth list'),
  ).action((options) => setExitCode(commands().then((each) => each.listTokens(cli, options))));
  tokenOptions(
    defineCommand(
      auth,
      'rotate <name>',
      'replace a token and print the new one',
      'troupe auth rotate ci',
      'troupe auth rotate ci --keep-for 15m',
    ),
  )
    .option('--keep-for <duration>', 'how long the one before still works, such as 15m (not at all)')
    .action((name: string, options) => setExitCode(commands().then((each) => each.rotateToken(cli, name, options))));
  tokenOptions(defineCommand(auth, 'delete <name>', 'remove a token', 'troupe auth delete ci')).action(
    (name: string, options) => setExitCode(commands().then((each) => each.deleteToken(cli, name, options))),
  );
}
