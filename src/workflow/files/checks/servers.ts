/** Checks a server file, or an entry of servers.yaml. */
import { legacyVariable } from '../define/environment.ts';
import { foundTexts } from '../language.ts';
import type { FileProblem } from '../problem.ts';
import type { ServerNode, ServersNode } from '../project/sources.ts';
import type { ServerSource } from '../schema/server.ts';
import type { YamlFile } from '../yaml/parseYaml.ts';

/** Checks a server file. */
export const checkServer = (node: ServerNode): FileProblem[] =>
  node.value ? [...node.problems, ...checkSource(node.yaml, [], node.value)] : [...node.problems];

/** Checks servers.yaml: literals only, and each name once. */
export function checkServersFile(node: ServersNode): FileProblem[] {
  const servers = node.value?.servers ?? [];
  const names = servers.map(({ name }) => name);
  return [
    ...node.problems,
    ...servers.flatMap(({ source: _source, ...server }, at) => [
      ...(server.url == null && server.command == null && _source != null
        ? []
        : checkSource(node.yaml, ['servers', at], server)),
      ...(names.indexOf(server.name) === at
        ? []
        : [node.yaml.problem(['servers', at, 'name'], `There is a server "${server.name}" already.`)]),
      ...foundTexts(server, ['servers', at])
        .filter(({ text }) => text.includes('{{'))
        .map(({ path }) => node.yaml.problem(path, 'In servers.yaml there are literals only, and here is a template.')),
    ]),
  ];
}

function checkSource(yaml: YamlFile, path: readonly (string | number)[], source: ServerSource): FileProblem[] {
  const idle = (['stateful', 'egress', 'restricted'] as const).filter((key) => source[key] != null);
  return [
    ...checkAddress(yaml, path, source),
    ...foundTexts(source)
      .filter(({ text }) => legacyVariable.test(text.trim()) || /\{\{\s*env\./.test(text))
      .map((found) =>
        yaml.problem(
          [...path, ...found.path],
          'Only a root workflow reads the environment: declare a parameter of the server.',
        ),
      ),
    ...idle.map((key) => yaml.problem([...path, key], `"${key}" does nothing.`, { severity: 'warning', key: true })),
    ...(source.auth?.secret.includes('{{') && !/^\s*\{\{\s*params\.[^{}]+\}\}\s*$/.test(source.auth.secret)
      ? [yaml.problem([...path, 'auth', 'secret'], 'The secret is a literal, or "{{ params.NAME }}" and nothing else.')]
      : []),
  ];
}

function checkAddress(
  yaml: YamlFile,
  path: readonly (string | number)[],
  { url, command, args, transport }: ServerSource,
): FileProblem[] {
  if ((url == null) === (command == null))
    return [yaml.problem(path, 'A server has either "url", where it runs, or "command", the program that is started.')];
  if (url == null)
    return transport == null
      ? []
      : [yaml.problem([...path, 'transport'], '"transport" belongs to "url".', { severity: 'warning', key: true })];
  const argsIdle =
    args == null
      ? []
      : [yaml.problem([...path, 'args'], '"args" belongs to "command".', { severity: 'warning', key: true })];
  if (url.includes('{{')) return argsIdle;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return argsIdle;
  return [...argsIdle, yaml.problem([...path, 'url'], 'The address of a server begins with http:// or https://.')];
}
