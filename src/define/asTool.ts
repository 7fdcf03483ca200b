/** Makes an agent or a team into a tool of another agent. Each call is an actor of its own, with its own history, tickets and end. */
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { jsonSchema, protocol } from '../contracts/protocol.ts';
import { isObjectSchema, wrapSchema } from '../contracts/toolSchema/references.ts';
import { memberDefinition } from './anyMember.ts';
import { kindOf } from './schemas.ts';
import type { Delegate } from './delegate.ts';
import { participantMessages, type Participant } from './presets/participants.ts';

/** How an agent or a team is offered to models as a tool. */
export interface AsToolOptions {
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** The tool's name, 1 to 64 of A-Z a-z 0-9 _ -; the name of the agent or team by default. */
  readonly name?: string;
  /** True when a person must agree to each call; false by default. */
  readonly approval?: boolean;
}

/**
 * Lets an agent call another agent, or a team. Its tickets appear in the run as all others do, a cancel reaches it, and what it uses counts for
 * its caller. Its failure is a result for the model. Throws `definition`.
 * @example agent({ name: 'editor', model, tools: [asTool(researcher, { description: 'Finds facts on a topic.' })] })
 */
export function asTool(subject: Participant, { description, name, approval = false }: AsToolOptions): Delegate {
  const kind = kindOf(subject);
  if (kind !== 'agent' && kind !== 'team')
    throw new TroupeError('definition', `asTool() takes agent({ … }) or team({ … }); got ${describeValue(subject)}.`);
  const toolName = (name ?? subject.name).replaceAll('.', '_');
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(toolName))
    throw new TroupeError(
      'definition',
      `A tool is named with A-Z a-z 0-9 _ -, up to 64; got ${JSON.stringify(toolName)}.`,
    );
  if (typeof description !== 'string' || description.trim() === '')
    throw new TroupeError(
      'definition',
      `The tool "${toolName}" needs a description that tells the model what it does.`,
    );

  const { input, takes } = participantMessages(`the tool "${toolName}"`, subject);
  const inputSchema = jsonSchema(input) as JsonObject;
  const isText = subject.kind === 'agent' && subject.handles.length === 0;
  // Models call tools with named arguments: an input that is no object becomes one argument.
  const argument = isObjectSchema(inputSchema) ? undefined : isText ? 'task' : 'value';
  const contract = protocol({
    message: { body: isText ? input.refine((text) => text !== '', 'a text that is not empty') : input },
  });
  return {
    kind: 'delegate',
    name: toolName,
    description,
    subject: memberDefinition(subject),
    approval,
    effect: 'read',
    schema: argument === undefined ? inputSchema : wrapSchema(argument, inputSchema),
    message(given) {
      const wrapped = argument === undefined || !isObject(given) ? undefined : given[argument];
      // A model may leave out the wrapper: what it gives is then the message itself.
      const body = argument === undefined || (wrapped === undefined && argument === 'value') ? given : wrapped;
      return { type: takes, body: contract.parse('message', body) as Json };
    },
  };
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
