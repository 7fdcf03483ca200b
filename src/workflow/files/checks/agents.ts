/** Checks an agent file: its prompts, its schema, and the servers that it may use. */
import { agentParameters, schemaOf, serverOf } from '../define/agent.ts';
import { legacyVariable } from '../define/environment.ts';
import { foundTexts } from '../language.ts';
import type { FileProblem } from '../problem.ts';
import type { AgentNode } from '../project/sources.ts';
import type { CheckContext } from './context.ts';
import { checkReservedNames, checkSchema } from './schemas.ts';
import { checkServerParams } from './serverParams.ts';
import { checkSubAgents } from './subAgents.ts';

/** Checks an agent file, without the server files themselves. */
export function checkAgent(node: AgentNode, context: CheckContext): FileProblem[] {
  if (!node.value) return [...node.problems];
  return [
    ...node.problems,
    ...checkPrompts(node),
    ...checkOutputSchema(node),
    ...checkSchema(node.yaml, ['params', 'schema'], node.value.params?.schema),
    ...checkDeclared(node),
    ...checkSecretDefaults(node),
    ...checkNoEnvironment(node),
    ...checkServers(node, context),
    ...checkSubAgents(node, context.sources),
    ...checkIdle(node),
  ];
}

function checkPrompts({ yaml, value }: AgentNode): FileProblem[] {
  const prompt = value?.prompt;
  const params = agentParameters(value ?? {});
  const template = (key: 'user' | 'reflect'): FileProblem[] =>
    [...(prompt?.[key] ?? '').matchAll(/\{\{(.*?)\}\}/gs)].flatMap(([, inner = '']) => {
      const at = ['prompt', key];
      const name = /^\s*params\.(?:"([^"]+)"|([\w-]+))\s*$/
        .exec(inner)
        ?.slice(1)
        .find((part) => part !== undefined);
      if (name === undefined)
        return [
          yaml.problem(
            at,
            `A prompt reads parameters only, as "{{ params.NAME }}", and here is "{{${inner.slice(0, 60)}}}".`,
          ),
        ];
      const param = params.find((each) => each.name === name);
      if (!param)
        return [yaml.problem(at, `The agent has no parameter "${name}": add it to "params.schema.properties".`)];
      return param.secret
        ? [yaml.problem(at, `The parameter "${name}" is secret, and a secret must not be in a prompt.`)]
        : [];
    });
  const { reflect, system } = prompt ?? {};
  return [
    ...(system?.includes('{{')
      ? [
          yaml.problem(
            ['prompt', 'system'],
            'The system prompt is the same for every call: it has no templates. Put them into "user".',
            { offset: system.indexOf('{{') },
          ),
        ]
      : []),
    ...(!system?.trim() && !prompt?.user?.trim()
      ? [
          yaml.problem(['prompt'], 'The agent has no prompt: it needs "prompt.system" or "prompt.user".', {
            severity: 'warning',
          }),
        ]
      : []),
    ...(reflect != null && reflect.trim() === ''
      ? [yaml.problem(['prompt', 'reflect'], 'The reflect prompt is blank: write one, or leave the key out.')]
      : []),
    ...(reflect?.trim() && value?.max_turns === 1
      ? [
          yaml.problem(['max_turns'], 'With one turn a reflection rarely helps: no tool can be used before it.', {
            severity: 'warning',
          }),
        ]
      : []),
    ...template('user'),
    ...template('reflect'),
  ];
}

function checkOutputSchema({ yaml, value }: AgentNode): FileProblem[] {
  const schema = value?.output?.schema;
  if (!schema || Object.keys(schema).length === 0)
    return [
      yaml.problem(['output'], 'The agent has no output schema: add "output.schema", which its answer must fit.'),
    ];
  return [
    ...checkSchema(yaml, ['output', 'schema'], schema),
    ...checkReservedNames(yaml, ['output', 'schema'], schemaOf(schema)),
  ];
}

/** What is written in a file is no secret. */
const checkSecretDefaults = ({ yaml, value }: AgentNode): FileProblem[] =>
  agentParameters(value ?? {}).flatMap(({ name, secret, default: fallback }) =>
    !secret || fallback === undefined || fallback === ''
      ? []
      : [
          yaml.problem(
            ['params', 'schema', 'properties', name, 'default'],
            `The parameter "${name}" is secret, and its default would be in this file: let the workflow pass a variable with "secret: true".`,
          ),
        ],
  );

function checkDeclared({ yaml, value }: AgentNode): FileProblem[] {
  const schema = value?.params?.schema;
  const required = schema?.['required'];
  const names = agentParameters(value ?? {}).map(({ name }) => name);
  if (!Array.isArray(required)) return [];
  return required.flatMap((name: unknown, at) =>
    typeof name !== 'string' || names.includes(name)
      ? []
      : [
          yaml.problem(
            ['params', 'schema', 'required', at],
            `"${name}" is required but is not in "properties", so that nothing asks for it.`,
            { severity: 'warning' },
          ),
        ],
  );
}

/** Only a root workflow reads the environment. */
const checkNoEnvironment = ({ yaml, value }: AgentNode): FileProblem[] =>
  foundTexts(value)
    .filter(({ text, path }) => legacyVariable.test(text.trim()) || (path[0] !== 'prompt' && /\{\{\s*env\./.test(text)))
    .map(({ path }) =>
      yaml.problem(
        path,
        'Only a root workflow reads the environment: declare a parameter, and let the workflow pass the value.',
      ),
    );

function checkServers(node: AgentNode, context: CheckContext): FileProblem[] {
  const { yaml, value } = node;
  return (value?.servers ?? []).flatMap((reference, at) => {
    const path = ['servers', at];
    const link = node.servers.get(at);
    const found = serverOf(node, at, context.sources);
    if (link && 'problem' in link.to) return [yaml.problem(link.path, link.to.problem)];
    const access = [
      ...checkAllowlist(node, at),
      ...(reference.access?.allowlist_env == null ? [] : [idle(node, [...path, 'access', 'allowlist_env'])]),
    ];
    if (found) return [...access, ...checkServerParams(node, at, found.source, context.sources)];
    if (link && 'file' in link.to && context.sources.servers.has(link.to.file)) return access;
    const name = reference.name == null ? '' : ` "${String(reference.name)}"`;
    return [
      ...access,
      yaml.problem(
        path,
        `There is no server${name}: give the "path" of a server file, or the "name" of one in servers.yaml.`,
      ),
    ];
  });
}

function checkAllowlist({ yaml, value }: AgentNode, at: number): FileProblem[] {
  const path = ['servers', at, 'access', 'allowlist'];
  const list = value?.servers?.[at]?.access?.allowlist;
  if (!list || list.length === 0)
    return [
      yaml.problem(
        ['servers', at],
        'No tool of this server may be called: list them in "access.allowlist", or write "*" there.',
        { severity: 'warning' },
      ),
    ];
  return list.flatMap((entry, index) => {
    const pattern = typeof entry === 'string' ? entry : entry.name;
    return /^(?:[^*?[\]]*\*?)$/.test(pattern)
      ? []
      : [
          yaml.problem(
            [...path, index],
            `An entry is the name of a tool, "prefix-*" or "*": the star stands at the end only, and here is "${pattern.slice(0, 80)}".`,
          ),
        ];
  });
}

function checkIdle(node: AgentNode): FileProblem[] {
  return node.value?.model_policy == null ? [] : [idle(node, ['model_policy'])];
}

const idle = ({ yaml }: AgentNode, path: readonly (string | number)[]) =>
  yaml.problem(path, `"${String(path.at(-1))}" does nothing.`, { severity: 'warning', key: true });
