/** `troupe artifacts`: its options, help and examples. */
import type { Command } from 'commander';
import { commandGroup, commonOptions, defineCommand, type CommandContext } from './commandLine.ts';

/** Adds the commands for the images, audio and files of runs. */
export function addArtifactCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  const artifacts = commandGroup(
    troupe,
    'artifacts',
    'images, audio and files that a run was given or has made',
    'troupe artifacts list job-42',
  );
  commonOptions(
    defineCommand(artifacts, 'list <run>', 'list those of a run, with type and size', 'troupe artifacts list job-42'),
  ).action((run: string, options) =>
    setExitCode(import('../commands/artifacts.ts').then(({ listArtifacts }) => listArtifacts(cli, run, options))),
  );
  commonOptions(
    defineCommand(
      artifacts,
      'save <run> <artifact>',
      'save one to a file, by its id or the first digits of it',
      'troupe artifacts save job-42 3fa2b1c9d0e4 --to picture.png',
    ),
  )
    .requiredOption('--to <file>', 'the file to write')
    .option('--force', 'replace the file when it is there already')
    .action((run: string, artifact: string, options) =>
      setExitCode(
        import('../commands/artifacts.ts').then(({ saveArtifact }) => saveArtifact(cli, run, artifact, options)),
      ),
    );
}
