/** `troupe artifacts`: its options, help and examples. */
import { Option, type Command } from 'commander';
import { artifactTypes } from '../../contracts/flow/record.ts';
import { commandGroup, commonOptions, defineCommand, parseCount, type CommandContext } from './commandLine.ts';

/** Adds the commands for the images, audio and files of runs. */
export function addArtifactCommands(troupe: Command, { cli, setExitCode }: CommandContext): void {
  const artifacts = commandGroup(
    troupe,
    'artifacts',
    'values of flows, and images, audio and files that a run was given or has made',
    'troupe artifacts list job-42',
  );
  commonOptions(
    defineCommand(
      artifacts,
      'list <run>',
      'list those of a run, with type and size',
      'troupe artifacts list job-42',
      'troupe artifacts list job-42 --kind response --producing-call draft',
    ),
  )
    .option('--name <name>', 'of a flow: only those with this name; the name of a call stands for its result')
    .addOption(new Option('--kind <kind>', 'of a flow: only those of this kind').choices(artifactTypes))
    .option('--producing-call <call>', 'of a flow: only those of this call, by its name or invocation id')
    .option('-n, --limit <count>', 'of a flow: how many', parseCount)
    .option('--cursor <cursor>', 'of a flow: go on where the list before ended')
    .action((run: string, options) =>
      setExitCode(import('../commands/artifacts.ts').then(({ listArtifacts }) => listArtifacts(cli, run, options))),
    );
  commonOptions(
    defineCommand(
      artifacts,
      'get <artifact>',
      'print the content of one of a flow, or write it to a file, by its id: RUN/CALL/NAME',
      'troupe artifacts get job-42/draft/output',
      'troupe artifacts get job-42/render/report.pdf --out report.pdf',
    ),
  )
    .option('--out <file>', 'the file to write')
    .option('--force', 'replace the file when it is there already')
    .action((artifact: string, options) =>
      setExitCode(
        import('../commands/artifactContent.ts').then(({ getArtifact }) => getArtifact(cli, artifact, options)),
      ),
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
