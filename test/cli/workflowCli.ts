/** Commands for workflows on real files, in this process. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { main } from '../../src/cli/program.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { fakeCli } from './fakeCli.ts';

/** What a command has written, and its exit code. */
export interface CommandEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with files, and the command in it. */
export interface WorkflowFolder {
  readonly dir: string;
  /** Writes a file. */
  file(name: string, text: string): void;
  troupe(...args: string[]): Promise<CommandEnd>;
  /** The same for a process that differs. */
  as(over: Partial<Cli>, ...args: string[]): Promise<CommandEnd>;
}

/** A folder with these files, removed when the test has finished. */
export function workflowFolder(files: Readonly<Record<string, string>> = {}): WorkflowFolder {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-workflows-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = (name: string, text: string) => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  for (const [name, text] of Object.entries(files)) file(name, text);
  const as = async (over: Partial<Cli>, ...args: string[]): Promise<CommandEnd> => {
    const cli = fakeCli({
      cwd: dir,
      env: { TROUPE_DB: join(dir, 'troupe.db') },
      isInteractive: false,
      open: (options) => openRuntime(options),
      ...over,
    });
    const code = await main(args, cli);
    return { code, out: cli.outputText(), err: cli.errorText() };
  };
  return { dir, file, as, troupe: (...args) => as({}, ...args) };
}

/** A workflow that doubles the names that it is given, in two steps. */
export const names = `kind: workflow
name: names
params: {schema: {type: object, required: [names], properties: {names: {type: array}}}}
pipeline:
  - id: wrap
    transform:
      inputs: [{from: params}]
      ops: [{map: {expr: "names"}}, {flatten: {}}]
  - id: count
    transform:
      inputs: [{from: wrap}]
      ops: [{map: {expr: "{list: result, count: length(result)}"}}]
`;

/** Two keys that there are not. */
export const broken = `kind: workflow
pipeline:
  - id: a
    transfrom: {inputs: [], ops: []}
  - id: b
    depend_on: [a]
    transform: {inputs: [{from: a}], ops: []}
`;
