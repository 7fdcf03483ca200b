/** Defines an agent: its name, model, tools, messages and limits. */
import * as z from 'zod';
import type { AgentDefinition, Objective, ReplyContract } from '../contracts/agent.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import { parseDefinition, quotedName } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { slug } from '../values/ids.ts';
import type { JsonObject } from '../values/json.ts';
import { jsonSchema, type AskNames, type Messages, type MessageName, type Protocol } from '../contracts/protocol.ts';
import type { ToolSource } from '../contracts/tool.ts';
import { AgentSchema } from './schemas.ts';
import type { Delegate } from './delegate.ts';
import { requireNesting } from './nesting.ts';
import type { McpServer } from './mcpServer.ts';
import type { Tool } from '../tools/tool.ts';

/** What an agent is defined with. */
export interface AgentOptions<M extends Messages, H extends AskNames<M>> extends Pick<
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
  /** Its name, in lower case also its id: letters, digits and ". _ -". */
  readonly name: string;
  /** The system prompt; empty by default. */
  readonly instructions?: string;
  /** The messages that it speaks. Without a protocol it takes a text and answers with one. */
  readonly protocol?: Protocol<M>;
  /** The messages of the protocol that it takes. Each needs replies. None by default. */
  readonly handles?: readonly H[];
  /** Its own functions, MCP servers, other sources, and agents or teams made into tools by `asTool(…)`; none by default. */
  readonly tools?: readonly (Tool | McpServer | ToolSource | Delegate)[];
  /** Names of the tools that it may use, out of all that its sources offer; all by default. */
  readonly allow?: readonly string[];
  /** Servers that are connected only when the tools above do not suffice; none by default. */
  readonly toolbelt?: readonly (McpServer | ToolSource)[];
  /** Conditions that an answer must meet before it counts; none by default. */
  readonly objectives?: readonly Objective[];
  /** How long one task may take, as a duration such as '2m' or in milliseconds; `limits.deadline` by default. */
  readonly deadline?: Duration;
  /** Labels that a node of a cluster must have to run it, such as `gpu`; none by default. */
  readonly needs?: readonly string[];
  /** Closes what was opened for one task. It is called once when the task is over, however it ended. */
  readonly cleanUp?: (scope: {
    /** The address of the agent's actor. */
    readonly actor: string;
    /** The id of its run. */
    readonly run: string;
    /** Fires when cleaning up must stop. */
    readonly signal: AbortSignal;
  }) => Promise<void>;
}

/** A defined agent: something to run, or a member of a team. */
export interface Agent<M extends Messages = Messages, H extends MessageName<M> = MessageName<M>> {
  readonly kind: 'agent';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** The messages that it speaks; undefined when it takes a text and answers with one. */
  readonly protocol: Protocol<M> | undefined;
  /** The messages that it takes; empty when it takes a text. */
  readonly handles: readonly H[];
  /** Its functions, MCP servers, sources, and agents or teams made into tools. */
  readonly tools: readonly (Tool | McpServer | ToolSource | Delegate)[];
  /** Names of the tools that it may use; undefined for all. */
  readonly allow: readonly string[] | undefined;
  /** Servers that are connected only when its tools do not suffice. */
  readonly toolbelt: readonly (McpServer | ToolSource)[];
  /** How long one task may take, in milliseconds; undefined when only its limits say so. */
  readonly deadline: number | undefined;
  /** Labels that its node must have. */
  readonly needs: readonly string[];
  /** Closes what was opened for one task. */
  readonly cleanUp: AgentOptions<M, never>['cleanUp'];
  /** Its definition for one kind of message, because replies differ between messages. */
  definition(message: string): AgentDefinition;
}

/**
 * Defines an agent. Nothing runs and nothing is opened until a run needs it.
 * @example const greeter = agent({ name: 'greeter', instructions: 'Greet people.', model: 'anthropic:claude-sonnet-4-5' });
 */
export function agent<M extends Messages = Record<never, never>, const H extends AskNames<M> = never>(
  options: AgentOptions<M, H>,
): Agent<M, H> {
  parseDefinition(AgentSchema, options, `The agent${quotedName(options)}`);
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
  for (const type of handles) {
    if (!protocol)
      throw new TroupeError(
        'definition',
        `The agent "${name}" handles ${handles.join(', ')} but has no protocol that says what they are.`,
      );
    const spec = Object.hasOwn(protocol.messages, type) ? protocol.messages[type] : undefined;
    if (!spec)
      throw new TroupeError(
        'definition',
        `The agent "${name}" handles "${type}", which is not a message of its protocol (${Object.keys(protocol.messages).join(', ')}).`,
      );
    if (!spec.replies?.length)
      throw new TroupeError(
        'definition',
        `The agent "${name}" handles "${type}", which has no replies: an agent could not answer it. Add replies to the message.`,
      );
  }
  requireNesting({ kind: 'agent', name, tools });
  requireDistinctTools(name, tools, reservedNames(protocol, handles));
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
      const replies = protocol ? repliesOf(protocol, message) : {};
      const limits = { ...rest.limits, ...(limit === undefined ? {} : { deadline: limit }) };
      return {
        ...rest,
        name,
        instructions,
        limits,
        ...(Object.keys(replies).length > 0 ? { replies } : {}),
      };
    },
  } satisfies Agent<M, H>);
}

/** The same agent with more tools. Throws `definition` when two have one name. */
export function withTools<A extends Agent>(given: A, tools: readonly Delegate[]): A {
  const all = [...given.tools, ...tools];
  requireNesting({ kind: 'agent', name: given.name, tools: all });
  requireDistinctTools(given.name, all, reservedNames(given.protocol, given.handles));
  return { ...given, tools: all };
}

/** The same agent with a protocol: for an agent that has none of its own. */
export const withProtocol = <M extends Messages, const H extends MessageName<M>>(
  given: Agent,
  protocol: Protocol<M>,
  handles: readonly H[],
): Agent<M, H> => ({
  ...given,
  protocol,
  handles,
  definition: (message) => ({ ...given.definition(message), replies: repliesOf(protocol, message) }),
});

const repliesOf = <M extends Messages>(protocol: Protocol<M>, message: string): Record<string, ReplyContract> =>
  Object.fromEntries(
    (protocol.messages[message]?.replies ?? []).map((reply) => [reply, replyContract(protocol, reply)]),
  );

/** Names of the tools by which a model answers, and asks for more tools. */
const reservedNames = (protocol: Protocol | undefined, handles: readonly string[]): ReadonlySet<string> =>
  new Set([
    'request_tools',
    ...handles.flatMap((type) => protocol?.messages[type]?.replies ?? []).map((reply) => `answer_${reply}`),
  ]);

function requireDistinctTools(
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

function replyContract<M extends Messages>(protocol: Protocol<M>, reply: string): ReplyContract {
  const spec = protocol.messages[reply];
  if (!spec) throw new TroupeError('definition', `"${reply}" is not a message of the protocol.`);
  const description = z.globalRegistry.get(spec.body)?.description;
  return {
    schema: jsonSchema(spec.body) as JsonObject,
    parse: (value) => protocol.parse(reply, value) as never,
    ...(description ? { description } : {}),
  };
}
