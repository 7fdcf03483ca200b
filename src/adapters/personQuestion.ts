/** Questions to people that an agent asks: as a tool that the model calls, or as the approval of a tool. Each is a wait of the flow. */
import * as z from 'zod';
import type { FlowContext } from '../flow/context.ts';
import type { Duration } from '../values/duration.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { countedName } from './countedName.ts';

/** A tool whose work is a question to a person. */
export interface PersonQuestion<Schema extends z.ZodType = z.ZodType> {
  /** The name of the tool and of its waits, where the framework does not give tools names of their own; `ask_person` by default. */
  readonly name?: string;
  /** The question, where the model does not give one. */
  readonly question: string;
  /** What an answer must fit. */
  readonly schema: Schema;
  /** What the model is told about the tool; the question by default. */
  readonly description?: string;
  /** The argument in which the model gives its question; `question` by default. */
  readonly questionArgument?: string;
  /** How long it stays open; without end by default. */
  readonly deadline?: Duration;
}

/** A tool that an adapter makes into one of its framework. */
export interface PersonTool extends Required<
  Pick<PersonQuestion, 'name' | 'question' | 'schema' | 'description' | 'questionArgument'>
> {
  readonly kind: 'hitl';
  /** How long a question stays open; without end when undefined. */
  readonly deadline: Duration | undefined;
  /** What the model gives it. */
  readonly input: z.ZodObject;
}

const personQuestionNames: OptionNames<PersonQuestion> = {
  name: true,
  question: true,
  schema: true,
  description: true,
  questionArgument: true,
  deadline: true,
};

/**
 * Makes a tool that asks a person: its body is a wait of the flow, and the answer is its result.
 * @example tools: { ask: hitlTool({ question: 'What do you prefer?', schema: z.object({ choice: z.string() }) }) }
 */
export function hitlTool(asked: PersonQuestion): PersonTool {
  requireOptions('hitlTool', asked, personQuestionNames);
  const {
    name = 'ask_person',
    question,
    schema,
    description = question,
    questionArgument = 'question',
    deadline,
  } = asked;
  if (typeof question !== 'string' || !(schema instanceof z.ZodType))
    throw new TroupeError(
      'definition',
      'hitlTool needs a question and a schema: hitlTool({ question: "…", schema: z.object({ … }) }).',
    );
  const input = z.object({ [questionArgument]: z.string().describe(question) });
  return { kind: 'hitl', name, question, schema, description, questionArgument, deadline, input };
}

/** Is it a tool that asks a person? */
export const isPersonTool = (tool: unknown): tool is PersonTool =>
  typeof tool === 'object' && tool !== null && 'kind' in tool && tool.kind === 'hitl' && 'questionArgument' in tool;

/** The error for such a tool where a whole turn is one checkpoint. */
export const personToolInTurn = (what: string, tool: string, instead: string): TroupeError =>
  new TroupeError(
    'definition',
    `${what} records a whole turn as one checkpoint, and nothing can be waited for inside: its tool "${tool}" asks a person. ${instead}`,
  );

/** Asks, and waits for the answer. */
export function askPerson(
  ctx: FlowContext,
  { question, schema, questionArgument, deadline }: PersonTool,
  {
    adapter,
    tool,
    given,
    callId,
  }: { readonly adapter: string; readonly tool: string; readonly given: unknown; readonly callId?: string | undefined },
): Promise<unknown> {
  const own = isJsonObject(given) ? given[questionArgument] : undefined;
  return ctx.wait({
    name: countedName(ctx, tool),
    question: typeof own === 'string' && own !== '' ? own : question,
    schema,
    metadata: toolFacts(adapter, tool, callId),
    ...(deadline === undefined ? {} : { deadline }),
  });
}

/** What a person says about a tool that needs to be approved. */
export const ToolApproval = z.object({
  /** May it be called? */
  approved: z.boolean(),
  /** Why not, for the model. */
  reason: z.string().optional(),
});
export type ToolApproval = z.infer<typeof ToolApproval>;

/** How people are asked for approvals. Every field may be left out. */
export interface ApprovalQuestion {
  /** The name of the wait; `approve_<tool>` by default. */
  readonly name?: string;
  /** The question; it names the tool by default. */
  readonly question?: string;
  /** How long it stays open; without end by default. */
  readonly deadline?: Duration;
}

/** Asks whether a tool may be called with these arguments. */
export function askApproval(
  ctx: FlowContext,
  {
    adapter,
    tool,
    given,
    callId,
  }: { readonly adapter: string; readonly tool: string; readonly given: unknown; readonly callId?: string | undefined },
  { name = `approve_${tool}`, question, deadline }: ApprovalQuestion = {},
): Promise<ToolApproval> {
  return ctx.wait({
    name: countedName(ctx, name),
    question: question ?? `May the tool "${tool}" be called?`,
    schema: ToolApproval,
    metadata: { ...toolFacts(adapter, tool, callId), ...(isJsonObject(given) ? { arguments: given } : {}) },
    ...(deadline === undefined ? {} : { deadline }),
  });
}

const toolFacts = (adapter: string, tool: string, callId: string | undefined): JsonObject => ({
  adapter,
  tool_name: tool,
  ...(callId === undefined ? {} : { tool_call_id: callId }),
});
