/** `troupe workflow new`: writes the files of a new project, workflow, agent or server. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Cli } from '../../cli.ts';
import { exitCodes, UsageError } from '../../exit.ts';
import { writeMessage } from '../../output/write.ts';
import { saveFile } from '../../saveFile.ts';
import { newFiles, type NewKind } from './newFiles.ts';

/** Writes the files. Throws `UsageError` when one of them is there already: then none is written. */
export async function newCommand(
  cli: Cli,
  kind: NewKind,
  name: string,
  { projectDir = '.' }: { readonly projectDir?: string },
): Promise<number> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(name))
    throw new UsageError(
      `"${name}" cannot be a name: expected up to 64 letters, digits, "-" and "_", such as daily-news.`,
    );
  const around = resolve(cli.cwd, projectDir);
  const dir = kind === 'project' ? join(around, name) : around;
  const files = newFiles(kind, name).map(({ path, text }) => ({ path: join(dir, path), text }));
  for (const { path } of files)
    if (await stat(path).catch(() => undefined)) throw new UsageError(`${path} is there already. Nothing was written.`);
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await saveFile(path, Buffer.from(text), { force: false });
    writeMessage(cli, `Wrote ${shown(cli, path)}`);
  }
  for (const line of nextSteps(
    kind,
    shown(cli, dir),
    files.map(({ path }) => shown(cli, path)),
  ))
    writeMessage(cli, line);
  return exitCodes.done;
}

const shown = ({ cwd }: Cli, path: string): string => {
  const short = relative(cwd, path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
};

function nextSteps(kind: NewKind, dir: string, [first = '']: readonly string[]): readonly string[] {
  const check = `Check it with: troupe workflow validate ${dir}`;
  switch (kind) {
    case 'project':
      return [
        `Run it with: troupe run ${join(dir, 'workflows/hello.workflow.yaml')} --input '{"name":"Ada"}'`,
        `With a model: troupe run ${join(dir, 'workflows/write.workflow.yaml')} --input '{"topic":"Actors take one message after another."}'`,
        check,
      ];
    case 'workflow':
      return [`Run it with: troupe run ${first} --input '{"name":"Ada"}'`, check];
    case 'agent':
      return ['Name it in a step, as "agent:", and its model group in gateway.yaml.', check];
    case 'server':
      return ['Name it in an agent, under servers[].path, with the tools that it may call.', check];
  }
}
