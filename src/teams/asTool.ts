/** An agent or a team as a tool of another agent: a call of it is an actor of its own, with its own history, questions and end. */
import { came } from '../contracts/explain.ts';
import { TroupeError } from '../contracts/failure.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { jsonSchema, protocol } from '../contracts/protocol.ts';
import type { Delegate } from '../delegate.ts';
import type { Member } from '../member.ts';
import { spoken, type Voice } from './voice.ts';

export interface AsToolOptions {
  /** What it does and when to call it, for the model. */
  readonly description: string;
  /** Its own name unless told otherwise. */
  readonly name?: string;
  /** True when a person must agree to each call. */
  readonly approval?: boolean;
}

/**
 * Lets an agent call another one, or a team. Questions to people come up in the run as all others do, a cancel reaches it, and what it uses is its caller's.
 * Its failure is told to the model, as a result. Throws `definition`.
 * @example agent({ name: 'editor', model, tools: [asTool(researcher, { description: 'Finds facts on a topic.' })] })
 */
export function asTool(subject: Voice, { description, name, approval = false }: AsToolOptions): Delegate {
  const { kind } = (subject ?? {}) as Partial<Voice>;
  if (kind !== 'agent' && kind !== 'team')
    throw new TroupeError('definition', `asTool() takes agent({ … }) or team({ … }); got ${came(subject)}.`);
  const called = (name ?? subject.name).replaceAll('.', '_');
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(called))
    throw new TroupeError(
      'definition',
      `A tool is named with A-Z a-z 0-9 _ -, up to 64; got ${JSON.stringify(called)}.`,
    );
  if (typeof description !== 'string' || description.trim() === '')
    throw new TroupeError('definition', `The tool "${called}" needs a description that tells the model what it does.`);

  const { input, takes } = spoken(`the tool "${called}"`, subject);
  const whole = jsonSchema(input) as JsonObject;
  const isText = subject.kind === 'agent' && subject.handles.length === 0;
  // Models call tools with named arguments: what is no object is one of them.
  const argument = whole['type'] === 'object' ? undefined : isText ? 'task' : 'value';
  const contract = protocol({
    message: { body: isText ? input.refine((text) => text !== '', 'a text that is not empty') : input },
  });
  return {
    kind: 'delegate',
    name: called,
    description,
    subject: subject as Member,
    approval,
    effect: 'read',
    schema:
      argument === undefined
        ? whole
        : { type: 'object', properties: { [argument]: whole }, required: [argument], additionalProperties: false },
    message(given) {
      const body = argument === undefined ? given : (given as { readonly [key: string]: Json } | null)?.[argument];
      return { type: takes, body: contract.parse('message', body) as Json };
    },
  };
}
