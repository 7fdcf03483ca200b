/** Makes an agent, a team, an orchestrator or something guarded into a tool of another agent. Each call is an actor of its own, with its own history, tickets and end. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { jsonSchema, protocol } from '../contracts/protocol.ts';
import { guardedDefinition, memberDefinition } from './anyMember.ts';
import type { Member } from './member.ts';
import { isMember } from './schemas.ts';
import { isObjectSchema, wrapSchema } from '../contracts/toolSchema/references.ts';
import type { Delegate } from './delegate.ts';
import { participantMessages, type Participant } from './presets/participants.ts';

/** How an agent, a team, an orchestrator or something guarded is offered to models as a tool. */
export interface AsToolOptions {
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** The tool's name, 1 to 64 of A-Z a-z 0-9 _ -; the name of the agent or team by default. */
  readonly name?: string;
  /** True when a person must agree to each call; false by default. */
  readonly approval?: boolean;
}

/**
 * Lets an agent call another agent, a team, an orchestrator or something guarded. Its tickets appear in the run as all others do, a cancel reaches it, and what it uses counts for
 * its caller. Its failure is a result for the model. Throws `definition`.
 * @example agent({ name: 'editor', model, tools: [asTool(researcher, { description: 'Finds facts on a topic.' })] })
 */
export function asTool(subject: Participant, options: AsToolOptions): Delegate {
  requireOptions('asTool', options, asToolOptionNames);
  const { description, name, approval = false } = options;
  if (!isMember(subject))
    throw new TroupeError(
      'definition',
      `asTool() takes agent({ … }), team({ … }), orchestrator({ … }) or guarded(…); got ${describeValue(subject)}.`,
    );
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

  const { input, takes } = participantMessages(`the tool "${toolName}"`, subject, { mayAnswerTogether: true });
  const inputSchema = jsonSchema(input) as JsonObject;
  const isText = takes === 'task' && !hasMessages(subject);
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

/** Does it speak a protocol? Otherwise it takes a text. Something guarded is as what it guards, and an orchestrator as its members. */
function hasMessages(subject: Pick<Member, 'kind' | 'name'>): boolean {
  const member = memberDefinition(subject);
  if (member.kind === 'guarded') return hasMessages(guardedDefinition(member));
  if (member.kind === 'orchestrator') return member.members.some(({ agent }) => hasMessages(agent));
  return member.kind === 'team' || member.handles.length > 0;
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asToolOptionNames: OptionNames<AsToolOptions> = {
  description: true,
  name: true,
  approval: true,
};
