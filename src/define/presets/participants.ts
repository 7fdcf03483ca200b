/** The participants of a preset: members that take one kind of message and give one kind of answer. An agent without a protocol takes a text and gives one. */
import * as z from 'zod';
import { withProtocol, type Agent } from '../agent.ts';
import { describeValue } from '../../values/explain.ts';
import { notMember } from '../notMember.ts';
import { TroupeError } from '../../values/failure.ts';
import { slug } from '../../values/ids.ts';
import type { MessageBody, BodyInput, MessageName, Protocol, ReplyNames } from '../../contracts/protocol.ts';
import { answersTogether } from '../../../machines/router/settings.ts';
import { guardedDefinition, memberDefinition } from '../anyMember.ts';
import { isMember } from '../schemas.ts';
import type { Member } from '../member.ts';
import type { Orchestrator } from '../orchestratorDefinition.ts';
import type { Team } from '../teamDefinition.ts';

/* oxlint-disable typescript/no-explicit-any -- Participants have messages of any protocol; the types below read them, and the preset checks them when it is made. */
/** A participant: an agent, a team, an orchestrator, or one of them guarded. */
export type Participant = Member<any, any> | Agent<any, any> | Team<any, any, any>;
/* oxlint-enable typescript/no-explicit-any */

/** A guarded definition and an orchestrator take and give what their members do. */
type Wrapper<Inner> =
  | { readonly kind: 'guarded'; readonly subject: Inner }
  | { readonly kind: 'orchestrator'; readonly members: readonly { readonly agent: Inner }[] };

/** The type of what a participant takes. */
export type ParticipantInput<V> =
  V extends Team<infer M, infer A, infer _R>
    ? BodyInput<M, A>
    : V extends Wrapper<infer Inner>
      ? ParticipantInput<Inner>
      : V extends Member<infer M, infer H>
        ? [H] extends [never]
          ? string
          : BodyInput<M, H>
        : never;
/** The type of what a participant gives. */
export type ParticipantOutput<V> =
  V extends Team<infer M, infer _A, infer R>
    ? MessageBody<M, R>
    : V extends Wrapper<infer Inner>
      ? ParticipantOutput<Inner>
      : V extends Member<infer M, infer H>
        ? [H] extends [never]
          ? string
          : MessageBody<M, ReplyNames<M, H> & MessageName<M>>
        : never;

/** Participants by name. Throws `definition` when there is none, when two have the same name, and for anything that is no member. */
export function participantsByName(
  where: string,
  participants: readonly Participant[],
): ReadonlyMap<string, Participant> {
  if (!Array.isArray(participants) || participants.length === 0)
    throw new TroupeError(
      'definition',
      `${where} needs at least one member, as a list; got ${describeValue(participants)}.`,
    );
  const byName = new Map<string, Participant>();
  const given: readonly Participant[] = participants;
  for (const participant of given) {
    if (!isMember(participant))
      throw new TroupeError(
        'definition',
        `A member of ${where} is agent({ … }) or team({ … }); got ${notMember(participant)}`,
      );
    const name = slug(participant.name);
    if (byName.has(name))
      throw new TroupeError('definition', `${where} has two members named "${name}". Rename one: answers go by names.`);
    byName.set(name, participant);
  }
  return byName;
}

/** What a participant takes and gives; a text where it has no messages. */
interface ParticipantMessages {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Its own name for the message that it takes. */
  readonly takes: string;
}

/** What a participant takes and gives. Throws `definition` when it takes several messages, or may give several answers. */
export function participantMessages(
  where: string,
  participant: Participant,
  { mayAnswerTogether = false } = {},
): ParticipantMessages {
  const member = memberDefinition(participant);
  switch (member.kind) {
    case 'team': {
      const { accepts, returns, protocol } = member;
      return { input: bodyOf(protocol, accepts), output: bodyOf(protocol, returns), takes: accepts };
    }
    case 'guarded':
      return participantMessages(where, guardedDefinition(member), { mayAnswerTogether });
    case 'orchestrator':
      return messagesOfOrchestrator(where, member, mayAnswerTogether);
    case 'agent':
    case 'pool':
      return messagesOfAgent(where, member);
  }
}

function messagesOfAgent(where: string, { name, handles, protocol }: Member): ParticipantMessages {
  const [takes, ...others] = handles;
  if (!protocol || takes === undefined) return { input: z.string(), output: z.string(), takes: 'task' };
  const replies = protocol.messages[takes]?.replies ?? [];
  const [gives] = replies;
  if (others.length > 0 || gives === undefined || replies.length > 1)
    throw new TroupeError(
      'definition',
      `In ${where}, "${name}" must handle one message that has one reply; it handles ${handles.join(', ')} with ${replies.join(', ') || 'no'} as replies. Write a team({ … }) with a route for more.`,
    );
  return { input: bodyOf(protocol, takes), output: bodyOf(protocol, gives), takes };
}

/** An orchestrator takes what all of its members take. */
function messagesOfOrchestrator(
  where: string,
  { name, members, router }: Orchestrator,
  mayAnswerTogether: boolean,
): ParticipantMessages {
  if (!mayAnswerTogether && answersTogether(router.strategy))
    throw new TroupeError(
      'definition',
      `In ${where}, "${name}" gives every task to all of its members, and answers with a list. Let it choose one: another router.`,
    );
  const [first, ...others] = members.map(({ agent }) => participantMessages(where, memberDefinition(agent)));
  if (!first) throw new TroupeError('definition', `In ${where}, "${name}" has no members; it needs at least one.`);
  const other = others.find(({ takes }) => takes !== first.takes);
  if (other)
    throw new TroupeError(
      'definition',
      `In ${where}, all members of "${name}" must take the same message; it has some for ${first.takes} and some for ${other.takes}.`,
    );
  return first;
}

function bodyOf({ messages }: Protocol, type: string): z.ZodType {
  const body = messages[type]?.body;
  if (body) return body;
  throw new TroupeError(
    'unknown_message',
    `The protocol has ${Object.keys(messages).join(', ')}; it has no message "${type}".`,
  );
}

/** The name that a participant has beside others. Throws `definition` as `participantsByName` does. */
export const participantName = (
  where: string,
  participant: Participant,
  others: readonly Participant[] = [],
): string => {
  participantsByName(where, [...others, participant]);
  return slug(participant.name);
};

/** Makes a participant a member of the preset's team: its messages get the preset's names. An agent without a protocol gets the preset's protocol, unless `gives` names its answer. */
export function participantMember(
  where: string,
  participant: Participant,
  {
    protocol,
    handles,
    gives,
  }: { readonly protocol: Protocol; readonly handles: readonly string[]; readonly gives?: string },
): Member {
  const member = memberDefinition(participant);
  if (member.kind === 'agent' && member.handles.length === 0 && gives === undefined)
    return withProtocol(member, protocol, handles);
  return {
    ...member,
    protocol,
    handles,
    takes: participantMessages(where, participant).takes,
    gives: gives ?? 'reply',
  };
}

/** A participant under its name in a team. */
export interface NamedParticipant {
  readonly name: string;
  readonly participant: Participant;
}

/** The member that gathers the results of all items and gives the result; none when a function does that. */
export const gathererMember = (
  where: string,
  gatherer: NamedParticipant | undefined,
  protocol: Protocol,
): Record<string, Member> =>
  gatherer
    ? {
        [gatherer.name]: participantMember(where, gatherer.participant, {
          protocol,
          handles: ['gather'],
          gives: 'result',
        }),
      }
    : {};

/** Throws `definition` when a participant takes or gives anything other than text. */
export function requireText(where: string, participant: Participant): void {
  const { input, output } = participantMessages(where, participant);
  for (const [schema, what] of [
    [input, 'takes'],
    [output, 'gives'],
  ] as const)
    if (!schema.safeParse('text').success)
      throw new TroupeError(
        'definition',
        `A member of ${where} speaks in texts; "${participant.name}" ${what} something else. Leave its protocol out, or let it handle a text.`,
      );
}
