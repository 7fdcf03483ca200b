/** Who takes part in a preset: anybody who takes one kind of message and gives one kind of answer. An agent without a protocol takes a text and gives one. */
import * as z from 'zod';
import { speaking, type Agent } from '../agent.ts';
import { came } from '../contracts/explain.ts';
import { TroupeError } from '../contracts/failure.ts';
import { slug } from '../contracts/ids.ts';
import type { Body, BodyInput, Name, Protocol, RepliesTo } from '../contracts/protocol.ts';
import { answersTogether, type Strategy } from '../../machines/router/settings.ts';
import { isMember } from '../definition.ts';
import type { Member } from '../member.ts';
import type { Team } from '../team.ts';

/* oxlint-disable typescript/no-explicit-any -- Anybody's messages will do; what they are is read from the types below, and checked when the preset is made. */
export type Voice = Member<any, any> | Agent<any, any> | Team<any, any, any>;
/* oxlint-enable typescript/no-explicit-any */

/** Who stands in front of others takes and gives what they do. */
type InFront<Inner> =
  | { readonly kind: 'guarded'; readonly subject: Inner }
  | { readonly kind: 'orchestrator'; readonly members: readonly { readonly agent: Inner }[] };

/** What it is given. */
export type In<V> =
  V extends Team<infer M, infer A, infer _R>
    ? BodyInput<M, A>
    : V extends InFront<infer Inner>
      ? In<Inner>
      : V extends Member<infer M, infer H>
        ? [H] extends [never]
          ? string
          : BodyInput<M, H>
        : never;
/** What it gives. */
export type Out<V> =
  V extends Team<infer M, infer _A, infer R>
    ? Body<M, R>
    : V extends InFront<infer Inner>
      ? Out<Inner>
      : V extends Member<infer M, infer H>
        ? [H] extends [never]
          ? string
          : Body<M, RepliesTo<M, H> & Name<M>>
        : never;

/** Members by their names. Throws `definition` for nobody, for two of one name, and for what is no member. */
export function cast(where: string, voices: readonly Voice[]): ReadonlyMap<string, Voice> {
  if (!Array.isArray(voices) || voices.length === 0)
    throw new TroupeError('definition', `${where} needs at least one member, as a list; got ${came(voices)}.`);
  const byName = new Map<string, Voice>();
  for (const voice of voices as readonly Voice[]) {
    if (!isMember(voice))
      throw new TroupeError('definition', `A member of ${where} is agent({ … }) or team({ … }); got ${came(voice)}.`);
    const name = slug(voice.name);
    if (byName.has(name))
      throw new TroupeError('definition', `${where} has two members named "${name}". Rename one: answers go by names.`);
    byName.set(name, voice);
  }
  return byName;
}

/** What somebody takes and gives, by the names it has for them; without names it is text. */
interface Spoken {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly takes: string;
}

export function spoken(where: string, voice: Voice): Spoken {
  const { kind, name, handles, protocol } = voice as Member;
  if (kind === 'team') {
    const { accepts, returns, protocol: own } = voice as Team;
    return { input: bodyOf(own, accepts), output: bodyOf(own, returns), takes: accepts };
  }
  if (kind === 'guarded' && 'subject' in voice) return spoken(where, voice.subject as Voice);
  if (kind === 'orchestrator' && 'members' in voice) return spokenByAll(where, voice as unknown as Pool);
  if (!protocol || handles.length === 0) return { input: z.string(), output: z.string(), takes: 'task' };
  const [takes, ...others] = handles as readonly string[];
  const replies = protocol.messages[takes!]?.replies ?? [];
  if (others.length > 0 || replies.length !== 1)
    throw new TroupeError(
      'definition',
      `In ${where}, "${name}" must handle one message that has one reply; it handles ${handles.join(', ')} with ${replies.join(', ') || 'no'} as replies. Write a team({ … }) with a route for more.`,
    );
  return { input: bodyOf(protocol, takes!), output: bodyOf(protocol, replies[0]!), takes: takes! };
}

interface Pool {
  readonly name: string;
  readonly members: readonly { readonly agent: Voice }[];
  readonly router: { readonly strategy: Strategy };
}

/** An orchestrator takes what any of its members may be given. */
function spokenByAll(where: string, { name, members, router }: Pool): Spoken {
  if (answersTogether(router.strategy))
    throw new TroupeError(
      'definition',
      `In ${where}, "${name}" gives every task to all of its members, and answers with a list. Let it choose one: another router.`,
    );
  const [first, ...others] = members.map(({ agent }) => spoken(where, agent));
  const other = others.find(({ takes }) => takes !== first!.takes);
  if (other)
    throw new TroupeError(
      'definition',
      `In ${where}, all members of "${name}" must take the same message; it has some for ${first!.takes} and some for ${other.takes}.`,
    );
  return first!;
}

const bodyOf = ({ messages }: Protocol, type: string): z.ZodType => messages[type]!.body;

/** As a member of a preset: what is said is called there by the preset's names. An agent without a protocol may be made to answer in the preset's own messages. */
export function memberOf(
  where: string,
  voice: Voice,
  {
    protocol,
    handles,
    gives,
  }: { readonly protocol: Protocol; readonly handles: readonly string[]; readonly gives?: string },
): Member {
  const plain = voice.kind === 'agent' && voice.handles.length === 0;
  if (plain && gives === undefined) return speaking(voice as Agent<never, never>, protocol, handles);
  return { ...(voice as Member), protocol, handles, takes: spoken(where, voice).takes, gives: gives ?? 'reply' };
}

/** Throws `definition` when somebody takes or gives something else than text. */
export function requireText(where: string, voice: Voice): void {
  const { input, output } = spoken(where, voice);
  for (const [schema, what] of [
    [input, 'takes'],
    [output, 'gives'],
  ] as const)
    if (!schema.safeParse('text').success)
      throw new TroupeError(
        'definition',
        `A member of ${where} speaks in texts; "${voice.name}" ${what} something else. Leave its protocol out, or let it handle a text.`,
      );
}
