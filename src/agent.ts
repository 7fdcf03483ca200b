/** An agent: who it is, what it may use, what it answers with, and what it may cost. */
import * as z from 'zod';
import type { AgentDefinition, Objective, ReplyContract } from './contracts/agent.ts';
import { milliseconds, type Duration } from './contracts/duration.ts';
import { checked, named } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import { slug } from './contracts/ids.ts';
import type { JsonObject } from './contracts/json.ts';
import { jsonSchema, type Asks, type Messages, type Name, type Protocol } from './contracts/protocol.ts';
import type { ToolSource } from './contracts/tool.ts';
import { AgentShape } from './definition.ts';
import type { Delegate } from './delegate.ts';
import { requireDepth } from './depth.ts';
import type { ServerDefinition } from './servers.ts';
import type { Tool } from './tools/tool.ts';

export interface AgentOptions<M extends Messages, H extends Asks<M>> extends Pick<
  AgentDefinition,
  | 'model'
  | 'fallbacks'
  | 'approve'
  | 'analysis'
  | 'planning'
  | 'requires'
  | 'budget'
  | 'onExhausted'
  | 'limits'
  | 'onInput'
  | 'maxOutputTokens'
  | 'temperature'
  | 'maxHistory'
> {
  readonly name: string;
  readonly instructions?: string;
  /** What it speaks, and which asks it handles. Without a protocol it takes a text and answers with one. */
  readonly protocol?: Protocol<M>;
  readonly handles?: readonly H[];
  /** Its own functions, servers of tools, and others as tools: `asTool(…)`. */
  readonly tools?: readonly (Tool | ServerDefinition | ToolSource | Delegate)[];
  /** Names of the tools it may use, of all that its sources offer; all of them unless told otherwise. */
  readonly allow?: readonly string[];
  /** Servers that are connected only when the tools above do not suffice. */
  readonly toolbelt?: readonly (ServerDefinition | ToolSource)[];
  /** What must be true of an answer before it counts. */
  readonly objectives?: readonly Objective[];
  readonly deadline?: Duration;
  /** Labels that a node of a cluster must have to run it, such as `gpu`. */
  readonly needs?: readonly string[];
  /** Closes what was opened for one task; called once when it is over, however it ended. */
  readonly cleanUp?: (scope: {
    readonly actor: string;
    readonly run: string;
    readonly signal: AbortSignal;
  }) => Promise<void>;
}

export interface Agent<M extends Messages = Messages, H extends Name<M> = Name<M>> {
  readonly kind: 'agent';
  readonly name: string;
  readonly protocol: Protocol<M> | undefined;
  readonly handles: readonly H[];
  readonly tools: readonly (Tool | ServerDefinition | ToolSource | Delegate)[];
  readonly allow: readonly string[] | undefined;
  readonly toolbelt: readonly (ServerDefinition | ToolSource)[];
  readonly deadline: number | undefined;
  readonly needs: readonly string[];
  readonly cleanUp: AgentOptions<M, never>['cleanUp'];
  /** What it is made of, for the message it is given: the replies differ. */
  definition(message: string): AgentDefinition;
}

/**
 * Defines an agent. Nothing runs and nothing is opened until a run needs it.
 * @example const greeter = agent({ name: 'greeter', instructions: 'Greet people.', model: 'anthropic:claude-sonnet-4-5' });
 */
export function agent<M extends Messages = Record<never, never>, const H extends Asks<M> = never>(
  options: AgentOptions<M, H>,
): Agent<M, H> {
  checked(AgentShape, options, `The agent${named(options)}`);
  const {
    protocol,
    handles = [],
    tools = [],
    toolbelt = [],
    allow,
    deadline,
    needs = [],
    cleanUp,
    instructions = '',
    ...rest
  } = options;
  const name = slug(options.name);
  if (handles.length > 0 && !protocol)
    throw new TroupeError(
      'definition',
      `The agent "${name}" handles ${handles.join(', ')} but has no protocol that says what they are.`,
    );
  for (const type of handles) {
    const spec = Object.hasOwn(protocol!.messages, type) ? protocol!.messages[type] : undefined;
    if (!spec)
      throw new TroupeError(
        'definition',
        `The agent "${name}" handles "${type}", which is not a message of its protocol (${Object.keys(protocol!.messages).join(', ')}).`,
      );
    if (!spec.replies?.length)
      throw new TroupeError(
        'definition',
        `The agent "${name}" handles "${type}", which has no replies: an agent could not answer it. Add replies to the message.`,
      );
  }
  requireDepth({ kind: 'agent', name, tools });
  requireDistinct(name, tools, reservedNames(protocol, handles));
  const limit = deadline === undefined ? undefined : milliseconds(deadline);

  return Object.freeze({
    kind: 'agent',
    name,
    protocol,
    handles,
    tools,
    allow,
    toolbelt,
    deadline: limit,
    needs,
    cleanUp,
    definition(message) {
      const replies = protocol?.messages[message]?.replies ?? [];
      const limits = { ...rest.limits, ...(limit === undefined ? {} : { deadline: limit }) };
      return {
        ...rest,
        name,
        instructions,
        limits,
        ...(protocol && replies.length > 0
          ? { replies: Object.fromEntries(replies.map((reply) => [reply, contract(protocol, reply)])) }
          : {}),
      };
    },
  } satisfies Agent<M, H>);
}

/** The same agent with more tools. Throws `definition` when two have one name. */
export function withTools<A extends Agent>(given: A, tools: readonly Delegate[]): A {
  const all = [...given.tools, ...tools];
  requireDepth({ kind: 'agent', name: given.name, tools: all });
  requireDistinct(given.name, all, reservedNames(given.protocol, given.handles));
  return { ...given, tools: all };
}

/** The same agent, speaking a protocol that it is given: for one that has none of its own. */
export const speaking = <M extends Messages, const H extends Name<M>>(
  given: Agent<never, never>,
  protocol: Protocol<M>,
  handles: readonly H[],
): Agent<M, H> => ({
  ...(given as unknown as Agent<M, H>),
  protocol,
  handles,
  definition(message) {
    const replies = protocol.messages[message]?.replies ?? [];
    return {
      ...given.definition(message),
      replies: Object.fromEntries(replies.map((reply) => [reply, contract(protocol, reply)])),
    };
  },
});

/** What the agent calls to answer, and to ask for more tools. */
const reservedNames = (protocol: Protocol | undefined, handles: readonly string[]): ReadonlySet<string> =>
  new Set([
    'request_tools',
    ...handles.flatMap((type) => protocol?.messages[type]?.replies ?? []).map((reply) => `answer_${reply}`),
  ]);

function requireDistinct(
  agent: string,
  tools: readonly { readonly name: string }[],
  reserved: ReadonlySet<string>,
): void {
  const names = tools.map((tool) => tool.name);
  const taken = names.find((name) => reserved.has(name));
  if (taken !== undefined)
    throw new TroupeError(
      'definition',
      `The agent "${agent}" has a tool named "${taken}", which is what a model calls to answer or to ask for tools. Rename it.`,
    );
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TroupeError(
      'definition',
      `The agent "${agent}" has two tools or servers named "${twice}". Rename one: a model could not tell them apart.`,
    );
}

function contract<M extends Messages>(protocol: Protocol<M>, reply: string): ReplyContract {
  const { body } = protocol.messages[reply]!;
  const description = z.globalRegistry.get(body)?.description;
  return {
    schema: jsonSchema(body) as JsonObject,
    parse: (value) => protocol.parse(reply, value) as never,
    ...(description ? { description } : {}),
  };
}
