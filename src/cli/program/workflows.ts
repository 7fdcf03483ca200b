/** `troupe workflow`, and its aliases `validate` and `lock`: their options, help and examples. */
import { Argument, Option, type Command } from 'commander';
import { collect, commandGroup, defineCommand, type CommandContext } from './commandLine.ts';

/** The kinds of files with a schema, and what `new` makes. */
const schemaKinds = ['workflow', 'agent', 'server', 'servers', 'gateway', 'environment'] as const;
const newKinds = ['project', 'workflow', 'agent', 'server'] as const;

/** Adds the options in `ProjectPathOptions`. */
const projectOptions = (command: Command): Command =>
  command
    .option('--project-dir <folder>', 'the folder of the project (KTSU_PROJECT_DIR, or .)')
    .option('--workflow-dir <folder>', 'where its workflows are (workflows in the project)')
    .option('--env <file>', 'an *.env.yaml with variables and providers')
    .option('--workspace <folder>', 'a further folder with workflows and agents; may be repeated', collect, [])
    .option('--no-hub-lock', 'leave out the packages in ktsuhub.lock.yaml');

/** Adds the commands for workflows in YAML. */
export function addWorkflowCommands(troupe: Command, context: CommandContext): void {
  const { cli, setExitCode } = context;
  const workflow = commandGroup(
    troupe,
    'workflow',
    'workflows in YAML: check, draw, try and begin them',
    'troupe workflow validate',
  );
  addValidate(workflow, 'troupe workflow validate', context);
  addValidate(troupe, 'troupe validate', context);
  projectOptions(
    defineCommand(
      workflow,
      'tree <file>',
      'show the workflows, agents and servers that a workflow uses',
      'troupe workflow tree workflows/news.workflow.yaml',
    ),
  )
    .option('--json', 'print JSON for programs')
    .action((file: string, options) =>
      setExitCode(import('../commands/workflow/views.ts').then(({ treeCommand }) => treeCommand(cli, file, options))),
    );
  projectOptions(
    defineCommand(
      workflow,
      'graph [file]',
      'draw the steps of a workflow as mermaid text; what has an error is marked, or how the steps of a run stand',
      'troupe workflow graph workflows/news.workflow.yaml > news.mmd',
      'troupe workflow graph --run job-42',
    ),
  )
    .option('--run <run>', 'mark how each step of this stored run stands; its file is known')
    .option('--db <file>', 'the journal of that run (TROUPE_DB, or ./.troupe/troupe.db)')
    .action((file: string | undefined, options) =>
      setExitCode(
        import('../commands/workflow/graph.ts').then(({ workflowGraphCommand }) =>
          workflowGraphCommand(cli, file, options),
        ),
      ),
    );
  defineCommand(
    workflow,
    'schema',
    'print the JSON Schema of a kind of file, for editors; of all kinds without one',
    'troupe workflow schema workflow > .vscode/workflow.schema.json',
  )
    .addArgument(new Argument('[kind]', 'the kind of file').choices(schemaKinds))
    .action((kind: (typeof schemaKinds)[number] | undefined) =>
      setExitCode(import('../commands/workflow/views.ts').then(({ schemaCommand }) => schemaCommand(cli, kind))),
    );
  defineCommand(
    workflow,
    'new',
    'write the files of a new project, workflow, agent or server, which can be run as they are',
    'troupe workflow new project news && troupe run news/workflows/hello.workflow.yaml --input \'{"name":"Ada"}\'',
    'troupe workflow new agent editor',
  )
    .addArgument(new Argument('<kind>', 'what is made').choices(newKinds))
    .argument('<name>', 'its name: letters, digits and "-"')
    .option('--project-dir <folder>', 'the project that it belongs to; for a new project the folder around it (.)')
    .action((kind: (typeof newKinds)[number], name: string, options) =>
      setExitCode(import('../commands/workflow/new.ts').then(({ newCommand }) => newCommand(cli, kind, name, options))),
    );
  addLock(workflow, 'troupe workflow lock', context);
  addLock(troupe, 'troupe lock', context);
  addDev(workflow, context);
}

function addValidate(parent: Command, name: string, { cli, setExitCode }: CommandContext): void {
  projectOptions(
    defineCommand(
      parent,
      'validate [folder]',
      'check all workflow files of a project, and report everything that is wrong with its place',
      name,
      `${name} news --json`,
      `${name} news --graph   # mermaid text, with what has an error marked`,
    ),
  )
    .addOption(new Option('--json', 'print JSON for programs').conflicts('graph'))
    .option('--graph', 'draw the workflows as mermaid text instead')
    .action((folder: string | undefined, options) =>
      setExitCode(
        import('../commands/workflow/validate.ts').then(({ validateCommand }) => validateCommand(cli, folder, options)),
      ),
    );
}

function addLock(parent: Command, name: string, { cli, setExitCode }: CommandContext): void {
  projectOptions(
    defineCommand(
      parent,
      'lock [folder]',
      'pin the files of a project by their content, in workflows.lock.json',
      name,
      `${name} --check   # for CI: fails when a file was changed`,
    ),
  )
    .option('--check', 'only compare the files with the lock')
    .action((folder: string | undefined, options) =>
      setExitCode(import('../commands/workflow/lock.ts').then(({ lockCommand }) => lockCommand(cli, folder, options))),
    );
}

function addDev(parent: Command, { cli, setExitCode }: CommandContext): void {
  projectOptions(
    defineCommand(
      parent,
      'dev <file>',
      'check a workflow whenever a file of its project is saved, and run one step alone on what a stored run has recorded',
      'troupe workflow dev workflows/news.workflow.yaml',
      'troupe workflow dev workflows/news.workflow.yaml --only summarise --from job-42',
    ),
  )
    .option('--only <step>', 'run this step after each check, and show its prompt or request and its output')
    .option('--from <run>', 'the stored run whose parameters and outputs the step reads')
    .option('--send', 'really send the webhooks of the step; they are only shown without it')
    .option('--db <file>', 'the journal of that run (TROUPE_DB, or ./.troupe/troupe.db)')
    .option('--once', 'check, run and end, without watching')
    .action((file: string, options) =>
      setExitCode(import('../commands/workflow/dev.ts').then(({ devCommand }) => devCommand(cli, file, options))),
    );
}
