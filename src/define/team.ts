/** Defines a team: its members, the message it takes, the message it returns, and the route between them. */
import * as z from 'zod';
import { MediaPart } from '../contracts/media.ts';
import { describeMismatch, describeValue, parseDefinition, quotedName } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { reservedTypes, slug } from '../values/ids.ts';
import type { MessageBody, Messages, MessageName, Protocol } from '../contracts/protocol.ts';
import { TeamSchema } from './schemas.ts';
import { rememberPart } from './madeFrom.ts';
import { namedCall } from './namedCall.ts';
import { answersTogether } from '../../machines/router/settings.ts';
import { defaultRunLimits } from '../../machines/run/settings.ts';
import { defaultSupervision } from '../core/actorType.ts';
import { memberDefinition } from './anyMember.ts';
import { memberFailedMessage, supervisedRoute } from './supervisedRoute.ts';
import { requireNesting } from './nesting.ts';
import type { Member } from './member.ts';
import type { Members, Next, PassedOn, Send, Talk, Team, TeamMessage, TeamOptions } from './teamDefinition.ts';

/**
 * Puts agents together. Three mistakes do not compile: a recipient that does not handle a message, a body that does not fit, and a reply
 * that the route has no function for. Throws `definition`.
 * @example team({ name: 'desk', protocol: Desk, members: { writer }, accepts: 'brief', returns: 'text', route: { brief: ({ body }, { to }) => to('writer', 'brief', body), text: ({ body }, { finish }) => finish(body) } })
 */
export function team<
  M extends Messages,
  const Mem extends Members<M>,
  A extends MessageName<M>,
  R extends MessageName<M>,
>(options: TeamOptions<M, Mem, A, R>): Team<M, A, R> {
  parseDefinition(TeamSchema, options, `The team${quotedName(options)}`);
  const { protocol, members, accepts, returns, supervise, budget, onExhausted, deadline, maxTurns } = options;
  const name = slug(options.name);
  const memberEntries: readonly (readonly [string, Member<M, MessageName<M>>])[] = Object.entries(members);
  const names = memberEntries.map(([member]) => member);
  if (names.length === 0)
    throw new TroupeError('definition', `The team "${name}" has no members; it needs at least one.`);
  for (const [member, definition] of memberEntries) {
    if (reservedTypes.has(member) || member === 'route')
      throw new TroupeError(
        'definition',
        `The team "${name}" has a member "${member}", a name that the runtime uses itself. Choose another.`,
      );
    if (slug(member) !== member)
      throw new TroupeError(
        'definition',
        `A member's name is an id (a-z, 0-9, ". _ -"); "${member}" in team "${name}" is not.`,
      );
    if (definition.protocol !== protocol)
      throw new TroupeError(
        'definition',
        `The member "${member}" speaks another protocol than the team "${name}". Give both the same protocol object.`,
      );
  }
  for (const [member, given] of memberEntries) {
    const definition = memberDefinition(given);
    // A member that compiles itself may have no router.
    if (definition.kind === 'orchestrator' && 'router' in definition && answersTogether(definition.router.strategy))
      throw new TroupeError(
        'definition',
        `"${member}" in team "${name}" gives every message to all of its members, and answers with a list, which is no message of the protocol. Let it choose one: another router.`,
      );
  }
  requireNesting({ kind: 'team', name, members });
  for (const type of [accepts, returns]) {
    if (!Object.hasOwn(protocol.messages, type))
      throw new TroupeError('definition', `The team "${name}" uses "${type}", which is not a message of its protocol.`);
  }
  const routes = options.route as Readonly<Record<string, (message: unknown, talk: unknown) => Next>>;
  const arriving = new Set<string>([
    accepts,
    ...memberEntries.flatMap(([, definition]) => answersOf(definition, protocol)),
  ]);
  const unrouted = [...arriving].filter((type) => !Object.hasOwn(routes, type));
  if (unrouted.length > 0)
    throw new TroupeError(
      'definition',
      `The route of team "${name}" says nothing about ${unrouted.join(', ')}, which can arrive. Add an entry for each.`,
    );

  const decide = (said: readonly TeamMessage[]): Next => {
    const message = latestOf(said);
    const route = Object.hasOwn(routes, message.type) ? routes[message.type] : undefined;
    if (!route)
      throw new TroupeError('definition', `The route of team "${name}" says nothing about "${message.type}".`);
    const where = `The route of team "${name}" for "${message.type}"`;
    return check(
      message.type,
      namedCall(where, () => route(message, talk(said))),
    );
  };
  rememberPart(decide, routes);

  return {
    kind: 'team',
    name,
    protocol,
    members,
    accepts,
    returns,
    handles: [accepts],
    ...(supervise ? { failureMessage: memberFailedMessage } : {}),
    options: {
      ...(supervise ? { supervise } : {}),
      ...(budget ? { budget } : {}),
      ...(onExhausted ? { onExhausted } : {}),
      ...(deadline ? { deadline } : {}),
      ...(maxTurns ? { maxTurns } : {}),
    },
    next: supervise
      ? supervisedRoute(decide, {
          failureMessage: memberFailedMessage,
          maxRestarts: supervise.maxRestarts ?? defaultSupervision.maxRestarts,
          maxTurns: maxTurns ?? defaultRunLimits.maxTurns,
          isRouted: false,
        })
      : decide,
  };

  function talk(said: readonly TeamMessage[]): Talk<M, Mem, R> {
    return {
      said,
      to: (member, type, body, { parts } = {}) => ({
        send: [{ to: member, type, body, ...(parts === undefined ? {} : { parts }) }],
      }),
      finish: (body) => ({ finish: body }),
      last(type) {
        const found = said.findLast((message) => message.type === type);
        if (!found)
          throw new TroupeError(
            'definition',
            `The route of team "${name}" asks for the last "${type}", and there was none yet.`,
          );
        return found.body as MessageBody<M, typeof type>;
      },
      count: (type) => said.filter((message) => message.type === type).length,
    };
  }

  /** Checks at run time what the compiler checks for typed callers. Bodies become as their schemas leave them. */
  function check(type: string, next: unknown): Next {
    if (isFinish(next)) return { ...passedOn(next), finish: protocol.parse(returns, next.finish) };
    if (isSend(next)) return { send: next.send.map(checkedSend) };
    throw new TroupeError(
      'definition',
      `The route of team "${name}" must answer "${type}" with to(…), all(…) or finish(…), at once; it gave ${next instanceof Promise ? 'a promise' : describeValue(next)}.`,
    );
  }

  function checkedSend({ to, type, body, parts }: Send): Send {
    const member = Object.hasOwn(members, to) ? members[to] : undefined;
    if (!member)
      throw new TroupeError(
        'unknown_recipient',
        `The team "${name}" has ${names.join(', ')}; its route sent "${type}" to "${to}".`,
      );
    const handled = member.handles.find((one) => one === type);
    if (handled === undefined)
      throw new TroupeError(
        'unknown_message',
        `"${to}" handles ${member.handles.join(', ')}; the route of team "${name}" sent it "${type}".`,
      );
    return { to, type, body: protocol.parse(handled, body), ...passedOn({ parts }) };
  }
}

/** Parts that a route names must be those of messages: anything else is no reference. Throws `definition`. */
function passedOn({ parts }: { readonly parts?: unknown }): PassedOn {
  if (parts === undefined) return {};
  const parsed = z.array(MediaPart).safeParse(parts);
  if (parsed.success) return { parts: parsed.data };
  throw new TroupeError(
    'definition',
    `A route hands on parts of the messages so far, such as message.parts; got ${describeMismatch(parsed.error, parts)}.`,
  );
}

/** The message to route. A run has at least the message it started with. */
export function latestOf(said: readonly TeamMessage[]): TeamMessage {
  const latest = said.at(-1);
  if (latest) return latest;
  throw new TroupeError('internal', 'A team was asked what happens next before any message had arrived.');
}

/** The messages that a member may answer with. A team answers with what it returns, and an orchestrator with what its members answer, whatever other replies the protocol allows. */
const answersOf = (given: Pick<Member, 'kind' | 'name'>, protocol: Protocol): readonly string[] => {
  const member = memberDefinition(given);
  const gives = 'gives' in member ? member.gives : undefined;
  if (member.kind === 'guarded' && gives !== undefined) return [gives];
  if (member.kind === 'team' && gives === undefined) return [member.returns];
  if (member.kind === 'orchestrator' && Array.isArray(member.members))
    return member.members.flatMap(({ agent }) => answersOf(agent, protocol));
  return member.handles.flatMap((type: string) => protocol.messages[type]?.replies ?? []);
};

const isFinish = (next: unknown): next is { finish: unknown; parts?: unknown } =>
  typeof next === 'object' && next !== null && 'finish' in next;
const isSend = (next: unknown): next is { send: readonly Send[] } =>
  typeof next === 'object' && next !== null && 'send' in next && Array.isArray(next.send);

/** Hands out several messages at once; the route is called for each answer. */
export const all = (...nexts: readonly Next[]): Next => ({
  send: nexts.flatMap((next) => {
    if (isSend(next)) return next.send;
    throw new TroupeError(
      'definition',
      `all(…) takes messages made by to(…); ${isFinish(next) ? 'finish(…) ends the run and stands alone' : `got ${describeValue(next)}`}.`,
    );
  }),
});
