/** The command line: parses it, runs the command, and turns errors into a message and an exit code. The definitions of the commands are in program/. */
import { Command, CommanderError } from 'commander';
import { escapeControls } from '../observe/format.ts';
import type { Cli } from './cli.ts';
import { cliErrorMessage, errorRecord, exitCodeOf, exitCodes, UsageError } from './exit.ts';
import { addArtifactCommands } from './program/artifacts.ts';
import { addClusterCommands } from './program/cluster.ts';
import { examplesText, type CommandContext } from './program/commandLine.ts';
import { addControlCommands } from './program/control.ts';
import { addDeadLetterCommands } from './program/deadLetters.ts';
import { addDeploymentCommands } from './program/deployments.ts';
import { addDefinitionCommands } from './program/definitions.ts';
import { addRunCommands } from './program/runs.ts';
import { addSecretCommands } from './program/secrets.ts';
import { addScheduleCommands } from './program/schedules.ts';
import { addServeCommands } from './program/serve.ts';
import { addWaitCommands } from './program/waits.ts';
import { addWorkflowCommands } from './program/workflows.ts';
import { hideSecrets } from './output/hideSecrets.ts';
import { writeJson } from './output/write.ts';
import { version } from '../runtime/version.ts';

/** Runs a command line. Resolves to its exit code, and never rejects. */
export async function main(args: readonly string[], unmasked: Cli): Promise<number> {
  const cli = hideSecrets(unmasked);
  let code: number = exitCodes.done;
  const isJson = args.includes('--json');
  /** What the parser of the command line says of a mistake in it. */
  let said = '';
  const complain = (text: string) => void (isJson ? (said += text) : cli.err.write(text));
  const ends = (action: Promise<number>) => action.then((ended) => void (code = ended));
  try {
    await program({ cli, setExitCode: ends }, complain).parseAsync([...args], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return exitCodes.done;
      if (isJson) writeJson(cli.err, errorRecord(new UsageError(said.trim() || thrown.message)));
      return exitCodes.usage;
    }
    if (isJson) writeJson(cli.err, errorRecord(thrown));
    else cli.err.write(`${cliErrorMessage(thrown).split('\n').map(escapeControls).join('\n')}\n`);
    return exitCodeOf(thrown);
  }
}

/** All commands. `complain` is told what is wrong with the command line. */
function program(context: CommandContext, complain: (text: string) => void): Command {
  const { cli } = context;
  const troupe = new Command('troupe')
    .description('Agent teams as typed actors: run them, watch them, answer them.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureOutput({
      writeOut: (text) => void cli.out.write(text),
      writeErr: complain,
      getOutHelpWidth: () => cli.out.columns ?? 100,
      getErrHelpWidth: () => cli.err.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    // A command may have a --version of its own.
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      examplesText(
        'troupe run team.ts --input \'{"topic":"actors"}\'',
        'Exit codes: 0 done, 1 failed, 2 wrong usage or invalid file, 3 waits for a person.',
      ),
    );
  addRunCommands(troupe, context);
  addWaitCommands(troupe, context);
  addDeadLetterCommands(troupe, context);
  addArtifactCommands(troupe, context);
  addSecretCommands(troupe, context);
  addDeploymentCommands(troupe, context);
  addClusterCommands(troupe, context);
  addScheduleCommands(troupe, context);
  addServeCommands(troupe, context);
  addControlCommands(troupe, context);
  addDefinitionCommands(troupe, context);
  addWorkflowCommands(troupe, context);
  return troupe;
}
