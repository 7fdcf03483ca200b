/** Projects that a test writes itself, with agents whose answers are scripted. */
import { expect } from 'vitest';
import type { Json, JsonObject } from '../../../src/values/json.ts';
import { written, type Files } from '../files/written.ts';
import type { Doubles } from './doubles.ts';
import { play, withPorts, type Played } from './play.ts';

const gatewayFile = `providers:
  - {name: mock, type: openai, config: {base_url: "http://localhost:6160/v1", api_key: provider-key}}
model_groups:
  - {name: standard, models: [mock/gpt-4o-mini]}
`;

/** A folder with these files and a gateway. The ports are those of the doubles. */
export const ownProject = (files: Files, { ports }: Doubles): string =>
  written(
    Object.fromEntries(
      Object.entries({ 'gateway.yaml': gatewayFile, ...files }).map(([name, text]) => [name, withPorts(text, ports)]),
    ),
  );

/** What an agent file has beside its script. */
export interface AgentParts {
  /** YAML lines of further keys. */
  readonly more?: string;
  /** JSON Schema of the output; by default `ok` is required. */
  readonly schema?: JsonObject;
  readonly user?: string;
  readonly reflect?: string;
  /** Properties of the parameters; names with `!` are required. */
  readonly params?: Readonly<Record<string, JsonObject>>;
}

const okSchema: JsonObject = { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } };

/** An agent that answers with one reply after the other, the last one again and again. A text is what it says; an object is a whole reply of the script. */
export function scriptedAgent(replies: readonly (string | JsonObject)[], parts: AgentParts = {}): string {
  const script = JSON.stringify(replies.map((reply) => (typeof reply === 'string' ? { content: reply } : reply)));
  const prompt = {
    system: `You act. SCRIPT:${script}ENDSCRIPT`,
    ...(parts.user === undefined ? {} : { user: parts.user }),
    ...(parts.reflect === undefined ? {} : { reflect: `${parts.reflect} SCRIPT:${script}ENDSCRIPT` }),
  };
  const params = Object.entries(parts.params ?? {});
  const schema = {
    required: params.flatMap(([name]) => (name.endsWith('!') ? [name.slice(0, -1)] : [])),
    properties: Object.fromEntries(params.map(([name, property]) => [name.replace(/!$/, ''), property])),
  };
  return [
    'model: standard',
    `prompt: ${JSON.stringify(prompt)}`,
    `output: ${JSON.stringify({ schema: parts.schema ?? okSchema })}`,
    ...(params.length === 0 ? [] : [`params: ${JSON.stringify({ schema })}`]),
    parts.more ?? '',
  ].join('\n');
}

/** A call of a tool, as a reply of a script. */
export const toolCalls = (
  ...calls: readonly (readonly [id: string, name: string, input?: JsonObject])[]
): JsonObject => ({
  tool_calls: calls.map(([id, name, input = {}]) => ({ id, name, arguments: input })),
});

/** What else an invocation may have. */
interface OwnInvocation {
  readonly input?: Json;
  readonly env?: Readonly<Record<string, string>>;
}

/** Invokes the workflow `w` of these files. */
export const playOwn = (
  files: Files,
  doubles: Doubles,
  { input = {}, env = {} }: OwnInvocation = {},
): Promise<Played> => play(ownProject(files, doubles), { workflow: 'w', input, env }, doubles);

/** Files with a workflow `w` of these steps. */
export const steps = (pipeline: string, head = ''): Files => ({
  'workflows/w.workflow.yaml': `kind: workflow\nname: w\n${head}pipeline:\n${pipeline}`,
});

/** The output of a step that has completed. */
export function outputOfStep({ steps: ends }: Played, id: string): unknown {
  const end = ends[id];
  expect(end, id).toMatchObject({ status: 'complete' });
  return end?.status === 'complete' ? end.output : undefined;
}

/** The user messages that the model was sent first, in order of their text. */
export const usersAsked = ({ models }: Played): string[] =>
  models.map(({ messages }) => messages.find(({ role }) => role === 'user')?.content ?? '').toSorted();
