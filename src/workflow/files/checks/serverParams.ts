/** Checks what an agent passes to a server: every parameter has a value, and secrets come from secret parameters only. */
import { agentParameters } from '../define/agent.ts';
import type { FileProblem } from '../problem.ts';
import type { AgentNode, Sources } from '../project/sources.ts';
import type { ServerSource } from '../schema/server.ts';
import { isGivenByStep } from './serverOverrides.ts';

const wholeParam = /^\s*\{\{\s*params\.(?:"([^"]+)"|([\w-]+))\s*\}\}\s*$/;

/** The parameter that a text reads when it is nothing but `{{ params.NAME }}`. */
export const paramOf = (text: string): string | undefined =>
  wholeParam
    .exec(text)
    ?.slice(1)
    .find((part) => part !== undefined);

/** Checks the parameters and the authentication of the server at a place of an agent's list. */
export function checkServerParams(node: AgentNode, at: number, server: ServerSource, sources: Sources): FileProblem[] {
  const given = node.value?.servers?.[at]?.params ?? {};
  const path = ['servers', at, 'params'];
  const declared = server.params ?? {};
  const problems = Object.entries(given).flatMap(([name, value]) =>
    checkGiven(node, [...path, name], value, declared[name]?.secret === true),
  );
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  const called = String(node.value?.servers?.[at]?.name ?? server.name ?? '');
  const missing = Object.entries(declared).filter(
    ([name, param]) => param?.default == null && given[name] == null && !isGivenByStep(node, called, name, sources),
  );
  return [
    ...problems,
    ...unknown.map((name) =>
      node.yaml.problem([...path, name], `The server has no parameter "${name}".`, { severity: 'warning', key: true }),
    ),
    ...missing.map(([name]) =>
      node.yaml.problem(['servers', at], `The server needs a value for its parameter "${name}": add it to "params".`),
    ),
    ...checkAuth(node, at, server),
  ];
}

function checkGiven(
  node: AgentNode,
  path: readonly (string | number)[],
  value: unknown,
  secret: boolean,
): FileProblem[] {
  if (typeof value !== 'string') return [];
  const name = paramOf(value);
  if (name === undefined) {
    if (value.includes('{{'))
      return [
        node.yaml.problem(path, 'A parameter of a server is a literal, or "{{ params.NAME }}" and nothing else.'),
      ];
    return secret
      ? [
          node.yaml.problem(
            path,
            'This parameter of the server is secret, and here is a literal. Pass a secret parameter of the agent.',
            { severity: 'warning' },
          ),
        ]
      : [];
  }
  const param = agentParameters(node.value ?? {}).find((each) => each.name === name);
  if (!param)
    return [node.yaml.problem(path, `The agent has no parameter "${name}": add it to "params.schema.properties".`)];
  if (secret && !param.secret)
    return [
      node.yaml.problem(
        path,
        `This parameter of the server is secret, and the agent's parameter "${name}" is not: add "secret: true" to it.`,
      ),
    ];
  if (param.secret && !secret)
    return [
      node.yaml.problem(
        path,
        `The agent's parameter "${name}" is secret, and this parameter of the server is not: add "secret: true" to it in the server file.`,
      ),
    ];
  return [];
}

function checkAuth(node: AgentNode, at: number, server: ServerSource): FileProblem[] {
  const name = paramOf(server.auth?.secret ?? '');
  if (name === undefined) return [];
  const place = ['servers', at];
  const own = server.params?.[name];
  const param = agentParameters(node.value ?? {}).find((each) => each.name === name);
  if (!own && !param)
    return [
      node.yaml.problem(
        place,
        `The server authenticates with "params.${name}", which neither the agent nor the server has.`,
      ),
    ];
  if (param?.secret || own?.secret) return [];
  return [
    node.yaml.problem(
      place,
      `The server authenticates with "params.${name}", which is not secret: add "secret: true" to it.`,
    ),
  ];
}
