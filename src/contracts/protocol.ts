/** A protocol: every message of a team with the shape of its body, the replies an ask may get, and the messages that go to a topic. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import * as z from 'zod';
import { errorMessage } from '../values/cause.ts';
import { describeMismatch, describeNoSchema, describeSchemaError, describeValue } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { fnv1a } from '../values/fnv1a.ts';
import type { Json } from '../values/json.ts';
import { requirePlain } from '../values/plain.ts';

/** One message of a protocol. */
export interface MessageSpec {
  /** The zod schema of the body; it must describe what JSON can hold. */
  readonly body: z.ZodType;
  /** Names of the messages that may answer this one. With replies it is an ask; without, a tell or a reply. */
  readonly replies?: readonly string[];
  /** It is published to all subscribers, and gets no reply. */
  readonly topic?: true;
}

/** The messages of a protocol, by name. */
export type Messages = Readonly<Record<string, MessageSpec>>;

/** The messages of a protocol whose replies are messages too: another reply does not compile. */
export type Closed<M extends Messages> = {
  [K in keyof M]: M[K] extends { replies: readonly (infer R)[] }
    ? [R] extends [keyof M]
      ? M[K]
      : {
          /** The schema of the message's body. */
          body: M[K]['body'];
          /** Must name messages of the same protocol. */
          replies: readonly (keyof M)[];
        }
    : M[K];
};

/** What actors may say to each other. */
export interface Protocol<M extends Messages = Messages> {
  /** The messages as they were defined, by name. */
  readonly messages: M;
  /** Changes when a message's name, body or replies change. */
  readonly hash: string;
  /** Checks a body; returns it as its schema leaves it. Throws `unknown_message` or `invalid`; `definition` when the schema itself is wrong. */
  parse<K extends MessageName<M>>(type: K, body: unknown): MessageBody<M, K>;
}

/** The names of a protocol's messages. */
export type MessageName<M extends Messages> = keyof M & string;
/** The body of a message as its receiver reads it. */
export type MessageBody<M extends Messages, K extends keyof M> = z.infer<M[K]['body']>;
/** What a sender may write: defaults may be left out. */
export type BodyInput<M extends Messages, K extends keyof M> = z.input<M[K]['body']>;
/** The names of the messages that expect a reply. */
export type AskNames<M extends Messages> = {
  [K in MessageName<M>]: M[K] extends { replies: readonly [string, ...string[]] | readonly string[] } ? K : never;
}[MessageName<M>];
/** The names of the messages that go to a topic. */
export type TopicNames<M extends Messages> = {
  [K in MessageName<M>]: M[K] extends { topic: true } ? K : never;
}[MessageName<M>];
/** The names of the messages that expect no reply. */
export type TellNames<M extends Messages> = Exclude<MessageName<M>, AskNames<M> | TopicNames<M>>;
/** The names of the replies that an ask may get. */
export type ReplyNames<M extends Messages, K extends keyof M> = M[K] extends { replies: readonly (infer R)[] }
  ? R & MessageName<M>
  : never;

/** A message as its receiver reads it: `{ type, body }`, one member for each name. */
export type MessageOf<M extends Messages, K extends keyof M = keyof M> = {
  [N in K & string]: {
    /** The name of the message: it decides the shape of the body. */
    readonly type: N;
    /** The body as its schema leaves it. */
    readonly body: MessageBody<M, N>;
  };
}[K & string];
/** The answers an ask may get. */
export type Reply<M extends Messages, K extends keyof M> = MessageOf<M, ReplyNames<M, K>>;

/**
 * Defines a protocol. Every name in `replies` must be a message too.
 * @example const Echo = protocol({ ping: { body: z.object({ n: z.number() }), replies: ['pong'] }, pong: { body: z.object({ n: z.number() }) } });
 */
export function protocol<const M extends Messages>(messages: M & Closed<M>): Protocol<M> {
  if (typeof messages !== 'object' || messages === null || Array.isArray(messages))
    throw new TroupeError(
      'definition',
      `protocol() takes an object, such as { ping: { body: z.string(), replies: ['pong'] }, … }; got ${describeValue(messages)}.`,
    );
  const names = Object.keys(messages);
  if (names.length === 0)
    throw new TroupeError('definition', 'A protocol needs at least one message; this one has none.');
  for (const [name, spec] of Object.entries<MessageSpec>(messages)) requireValidMessage(name, spec, messages);

  return {
    messages: Object.freeze({ ...messages }) as M,
    hash: hashOf(messages),
    parse(type, body) {
      const spec = Object.hasOwn(messages, type) ? messages[type] : undefined;
      if (!spec)
        throw new TroupeError('unknown_message', `The protocol has ${names.join(', ')}; it has no message "${type}".`);
      const parsed = readBody(type, spec.body, body);
      if (parsed.success) {
        if (parsed.data === undefined) throw new TroupeError('invalid', `"${type}" came without a body.`);
        requirePlain(`The body of "${type}", as its schema leaves it,`, parsed.data);
        return parsed.data as never;
      }
      throw new TroupeError('invalid', `The body of "${type}" does not fit: ${describeMismatch(parsed.error, body)}.`, {
        data: { type },
      });
    },
  };
}

const messageName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

function requireValidMessage(name: string, spec: MessageSpec, messages: Messages): void {
  if (!messageName.test(name))
    throw new TroupeError(
      'definition',
      `A message's name starts with a letter and has letters, digits and "_", up to 64; got ${JSON.stringify(name)}.`,
    );
  if (typeof spec?.body?.safeParse !== 'function' || !('_zod' in spec.body))
    throw new TroupeError(
      'definition',
      `The message "${name}" needs a zod schema as its body; got ${describeNoSchema(spec?.body)}.`,
    );
  requireOptions(`The message "${name}"`, spec, messageSpecNames);
  requireDescribable(name, spec.body);
  if (spec.replies !== undefined && !Array.isArray(spec.replies))
    throw new TroupeError(
      'definition',
      `The replies of "${name}" are a list of names; got ${describeValue(spec.replies)}.`,
    );
  for (const reply of spec.replies ?? []) {
    if (!Object.hasOwn(messages, reply))
      throw new TroupeError(
        'definition',
        `"${name}" may be answered by "${reply}", which is not a message of the protocol. Add it, or correct the name.`,
      );
  }
  if (spec.topic && spec.replies)
    throw new TroupeError(
      'definition',
      `"${name}" is for a topic, which nobody answers; remove its replies or its topic.`,
    );
}

/** A body is described to others as JSON Schema and sent as JSON: a schema that JSON cannot describe is rejected. */
function requireDescribable(name: string, body: z.ZodType): void {
  try {
    z.toJSONSchema(body, { io: 'input' });
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `The body of "${name}" cannot be written as JSON: ${describeSchemaError(cause)}. Messages are JSON; use a string for a date or a large number.`,
      { cause },
    );
  }
}

function readBody(type: string, schema: z.ZodType, body: unknown) {
  try {
    return schema.safeParse(body);
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `The schema of "${type}" threw instead of answering: ${errorMessage(cause)} It must be synchronous and pure.`,
      { cause },
    );
  }
}

/** A hash of the JSON Schemas: short, stable, and not a secret. */
function hashOf(messages: Messages): string {
  const shape = Object.entries(messages)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { body, replies = [] }]) => [name, jsonSchema(body), replies]);
  return fnv1a(JSON.stringify(shape));
}

/** The JSON Schema of a body. A schema that JSON Schema cannot describe is `{}`: it is still checked here. */
export const jsonSchema = (schema: z.ZodType): Json =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;

const messageSpecNames: OptionNames<MessageSpec> = {
  body: true,
  replies: true,
  topic: true,
};
