/** Makes an agent, a team, an orchestrator, something guarded, a machine or a flow into a tool of an agent. Each call is an actor of its own, with its own history, tickets and end. */
import * as z from 'zod';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { jsonSchema, protocol } from '../contracts/protocol.ts';
import { guardedDefinition, memberDefinition } from './anyMember.ts';
import type { Member } from './member.ts';
import { notMember } from './notMember.ts';
import { isMember, kindOf } from './schemas.ts';
import type { MachineRunnable } from './machine.ts';
import type { EffectKind } from '../contracts/effect.ts';
import { isObjectSchema, wrapSchema } from '../contracts/toolSchema/references.ts';
import type { Flow } from '../flow/flow.ts';
import type { Delegate } from './delegate.ts';
import { participantMessages, type Participant } from './presets/participants.ts';

/** How an agent, a team, an orchestrator, something guarded, a machine or a flow is offered to models as a tool. */
export interface AsToolOptions {
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** The tool's name, 1 to 64 of A-Z a-z 0-9 _ -; the name of the agent or team by default. */
  readonly name?: string;
  /** True when a person must agree to each call; false by default. */
  readonly approval?: boolean;
}

/** How a machine is offered to models as a tool. */
export interface MachineToolOptions extends AsToolOptions {
  /** The schema of what the machine is started with: `input` of its chart. */
  readonly input: z.ZodType;
  /** What it does outside: `pure`, `read` or `write`; `read` by default. */
  readonly effect?: EffectKind;
}

/**
 * Lets an agent call a machine. Each call is an actor of its own, which starts with the arguments of the call and whose output is the result; its failure is
 * a result, too. Throws `definition`.
 * @example asTool(machine(orderMachine), { description: 'Handles an order.', input: z.object({ order: z.string() }) })
 */
export function asTool(subject: MachineRunnable, options: MachineToolOptions): Delegate;
/**
 * Lets an agent call a flow, which needs a schema of its input. Its questions are questions of the run, a pause and a cancel reach it, and its failure is a result.
 * What the agents inside of it use is not counted for the caller. Throws `definition`.
 * @example agent({ name: 'clerk', model, tools: [asTool(order, { description: 'Orders an item.' })] })
 */
export function asTool<Input, Output>(subject: Flow<Input, Output>, options: AsToolOptions): Delegate;
/**
 * Lets an agent call another agent, a team, an orchestrator or something guarded. Its tickets appear in the run as all others do, a cancel reaches it, and what it uses counts for
 * its caller. Its failure is a result for the model. Throws `definition`.
 * @example agent({ name: 'editor', model, tools: [asTool(researcher, { description: 'Finds facts on a topic.' })] })
 */
export function asTool(subject: Participant, options: AsToolOptions): Delegate;
export function asTool(
  subject: Participant | MachineRunnable | Flow,
  options: AsToolOptions | MachineToolOptions,
): Delegate {
  const isMachine = isMachineRunnable(subject);
  requireOptions('asTool', options, isMachine ? machineToolOptionNames : asToolOptionNames);
  const { description, name, approval = false } = options;
  const isFlow = isFlowRunnable(subject);
  if (!isMachine && !isFlow && !isMember(subject))
    throw new TroupeError(
      'definition',
      `asTool() takes agent({ … }), team({ … }), orchestrator({ … }), guarded(…), machine(…) or flow(…); got ${notMember(subject)}`,
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

  const worker = isMachine || isFlow ? subject : memberDefinition(subject);
  const { input, takes } = messagesOf(toolName, worker, options);
  const inputSchema = jsonSchema(input) as JsonObject;
  const isText = worker.kind !== 'machine' && worker.kind !== 'flow' && takes === 'task' && !hasMessages(worker);
  // Models call tools with named arguments: an input that is no object becomes one argument.
  const argument = isObjectSchema(inputSchema) ? undefined : isText ? 'task' : 'value';
  const contract = protocol({
    message: { body: isText ? input.refine((text) => text !== '', 'a text that is not empty') : input },
  });
  return {
    kind: 'delegate',
    name: toolName,
    description,
    subject: worker,
    approval,
    effect: 'effect' in options ? (options.effect ?? 'read') : 'read',
    schema: argument === undefined ? inputSchema : wrapSchema(argument, inputSchema),
    message(given) {
      const wrapped = argument === undefined || !isObject(given) ? undefined : given[argument];
      // A model may leave out the wrapper: what it gives is then the message itself.
      const body = argument === undefined || (wrapped === undefined && argument === 'value') ? given : wrapped;
      const parsed = contract.parse('message', body) as Json;
      // A flow parses its input itself, when it begins.
      return { type: takes, body: isFlow ? (body as Json) : parsed };
    },
  };
}

/** What a call of it says. */
function messagesOf(toolName: string, worker: Delegate['subject'], options: Partial<MachineToolOptions>) {
  if (worker.kind === 'machine') return { input: inputOf(toolName, options), takes: 'input' };
  if (worker.kind !== 'flow') return participantMessages(`the tool "${toolName}"`, worker, { mayAnswerTogether: true });
  const { input } = worker.options;
  if (input) return { input, takes: 'input' };
  throw new TroupeError(
    'definition',
    `The tool "${toolName}" is a flow and needs the schema of its input, for the model: flow("${worker.name}", { input: z.object({ … }) }, …).`,
  );
}

/** The schema of a machine's input, and that its effect is one. */
function inputOf(toolName: string, options: Partial<MachineToolOptions>): z.ZodType {
  const { input, effect = 'read' } = options;
  if (!(input instanceof z.ZodType))
    throw new TroupeError(
      'definition',
      `The tool "${toolName}" is a machine and needs the schema of its input, such as input: z.object({ … }); got ${describeValue(input)}.`,
    );
  if (!effectKinds.includes(effect))
    throw new TroupeError(
      'definition',
      `The effect of the tool "${toolName}" is ${effectKinds.join(', ')}; got ${describeValue(effect)}.`,
    );
  return input;
}

const effectKinds: readonly unknown[] = ['pure', 'read', 'write'] satisfies EffectKind[];

const isMachineRunnable = (subject: unknown): subject is MachineRunnable => kindOf(subject) === 'machine';
const isFlowRunnable = (subject: unknown): subject is Flow => kindOf(subject) === 'flow';

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
const machineToolOptionNames: OptionNames<MachineToolOptions> = { ...asToolOptionNames, input: true, effect: true };
