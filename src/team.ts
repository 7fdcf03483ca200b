/** A team: who is in it, what it takes, what it gives, and who speaks next. */
import { came, checked, named } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import { ownTypes, slug } from './contracts/ids.ts';
import type { Body, BodyInput, Messages, Name, Protocol, RepliesTo, Said } from './contracts/protocol.ts';
import type { Duration } from './contracts/duration.ts';
import type { Budget } from './contracts/agent.ts';
import type { RunMessage } from './contracts/run.ts';
import type { OnExhausted } from './contracts/treasury.ts';
import type { Supervision } from './system/actorType.ts';
import { TeamShape } from './definition.ts';
import { answersTogether, type Strategy } from '../machines/router/settings.ts';
import { requireDepth } from './depth.ts';
import type { Member } from './member.ts';

// The members' own message types are checked where they are used; here anybody who speaks the protocol will do.
type Members<M extends Messages> = Readonly<Record<string, Member<M, Name<M>>>>;
type HandledBy<A> = A extends Member<infer _M, infer H> ? H : never;
type AnswersOf<M extends Messages, Who> =
  Who extends Team<infer _M, infer _A, infer R>
    ? R
    : Who extends { readonly kind: 'guarded'; readonly subject: infer Inner }
      ? AnswersOf<M, Inner>
      : Who extends { readonly kind: 'orchestrator'; readonly members: readonly { readonly agent: infer Each }[] }
        ? AnswersOf<M, Each>
        : RepliesTo<M, HandledBy<Who> & Name<M>>;
/** Everything that can arrive at the route: what the team takes, and what its members may answer. */
type Arriving<M extends Messages, Mem, A extends Name<M>> = A | { [K in keyof Mem]: AnswersOf<M, Mem[K]> }[keyof Mem];

export interface Send {
  readonly to: string;
  readonly type: string;
  readonly body: unknown;
}
export type Next = { readonly send: readonly Send[] } | { readonly finish: unknown };

/** What a route may do: hand a message to a member, or give the team's answer. */
export interface Talk<M extends Messages, Mem extends Members<M>, R extends Name<M>> {
  /** Hands a message to a member who handles it. Several at once: `all(to(…), to(…))`. */
  readonly to: <K extends keyof Mem & string, T extends HandledBy<Mem[K]> & Name<M>>(
    member: K,
    type: T,
    body: BodyInput<M, T>,
  ) => Next;
  readonly finish: (body: BodyInput<M, R>) => Next;
  /** The body of the latest message of that name in this run. Throws `definition` when there was none: the route is wrong then. */
  readonly last: <T extends Name<M>>(type: T) => Body<M, T>;
  /** How many messages of that name there were. */
  readonly count: (type: Name<M>) => number;
  /** All messages so far, oldest first; the last one is the one to route. */
  readonly said: readonly TeamMessage[];
}

/** A message as a route may look at it. What members answered says who it was, and for which of the messages handed out (from 0). */
export type TeamMessage = Pick<RunMessage, 'type' | 'from' | 'turn' | 'usage' | 'at'> & { readonly body: unknown };

export type Route<M extends Messages, Mem extends Members<M>, A extends Name<M>, R extends Name<M>> = {
  readonly [K in Arriving<M, Mem, A> & Name<M>]: (message: Said<M, K>, talk: Talk<M, Mem, R>) => Next;
};

export interface TeamOptions<M extends Messages, Mem extends Members<M>, A extends Name<M>, R extends Name<M>> {
  readonly name: string;
  readonly protocol: Protocol<M>;
  readonly members: Mem;
  /** The message that a run starts with; its body is the run's input. */
  readonly accepts: A;
  /** The message whose body is the run's result. */
  readonly returns: R;
  /** For every message that can arrive, who speaks next. Pure: no clock, no world. */
  readonly route: Route<M, Mem, A, R>;
  readonly supervise?: Partial<Omit<Supervision, 'within'>> & { readonly within?: Duration };
  readonly budget?: Budget;
  /**
   * When the budget leaves no room and nobody at work could bring something back: `fail` (unless told otherwise), `ask` a person for more
   * on a ticket, or `degrade`: members go on with the next of their models when they run short, and fail when the last has no room.
   */
  readonly onExhausted?: OnExhausted;
  readonly deadline?: Duration;
  /** How many messages may be handed out before the run fails; 50 unless told otherwise. */
  readonly maxTurns?: number;
}

export interface Team<M extends Messages = Messages, A extends Name<M> = Name<M>, R extends Name<M> = Name<M>> {
  readonly kind: 'team';
  readonly name: string;
  readonly protocol: Protocol<M>;
  readonly members: Members<M>;
  readonly accepts: A;
  readonly returns: R;
  /** As a member of another team it handles what it accepts. */
  readonly handles: readonly [A];
  /** What it takes and gives has no names that anybody else knows: presets are so. */
  readonly plain?: true;
  readonly options: Pick<
    TeamOptions<M, Members<M>, A, R>,
    'supervise' | 'budget' | 'onExhausted' | 'deadline' | 'maxTurns'
  >;
  /** Who speaks next, after the messages so far (the last one is the one to route). Throws `definition`. */
  next(said: readonly TeamMessage[]): Next;
}

/**
 * Puts agents together. A recipient who does not handle a message, a body that does not fit, or a reply that nobody routes does not compile.
 * @example team({ name: 'desk', protocol: Desk, members: { writer }, accepts: 'brief', returns: 'text', route: { brief: ({ body }, { to }) => to('writer', 'brief', body), text: ({ body }, { finish }) => finish(body) } })
 */
export function team<M extends Messages, const Mem extends Members<M>, A extends Name<M>, R extends Name<M>>(
  options: TeamOptions<M, Mem, A, R>,
): Team<M, A, R> {
  checked(TeamShape, options, `The team${named(options)}`);
  const { protocol, members, accepts, returns, supervise, budget, onExhausted, deadline, maxTurns } = options;
  const name = slug(options.name);
  const names = Object.keys(members);
  if (names.length === 0)
    throw new TroupeError('definition', `The team "${name}" has no members; it needs at least one.`);
  for (const member of names) {
    if (ownTypes.has(member) || member === 'route')
      throw new TroupeError(
        'definition',
        `The team "${name}" has a member "${member}", a name that the runtime uses itself. Choose another.`,
      );
    if (slug(member) !== member)
      throw new TroupeError(
        'definition',
        `A member's name is an id (a-z, 0-9, ". _ -"); "${member}" in team "${name}" is not.`,
      );
    if (members[member]!.protocol !== protocol)
      throw new TroupeError(
        'definition',
        `The member "${member}" speaks another protocol than the team "${name}". Give both the same protocol object.`,
      );
  }
  for (const [member, who] of Object.entries(members)) {
    const { router } = who as { readonly router?: { readonly strategy: Strategy } };
    if (who.kind === 'orchestrator' && router && answersTogether(router.strategy))
      throw new TroupeError(
        'definition',
        `"${member}" in team "${name}" gives every message to all of its members, and answers with a list, which is no message of the protocol. Let it choose one: another router.`,
      );
  }
  requireDepth({ kind: 'team', name, members });
  for (const type of [accepts, returns]) {
    if (!Object.hasOwn(protocol.messages, type))
      throw new TroupeError('definition', `The team "${name}" uses "${type}", which is not a message of its protocol.`);
  }
  const routes = options.route as Readonly<Record<string, (message: unknown, talk: unknown) => Next>>;
  const arriving = new Set<string>([
    accepts,
    ...names.flatMap((member) => answersOf(members[member]! as Answering, protocol)),
  ]);
  const unrouted = [...arriving].filter((type) => !Object.hasOwn(routes, type));
  if (unrouted.length > 0)
    throw new TroupeError(
      'definition',
      `The route of team "${name}" says nothing about ${unrouted.join(', ')}, which can arrive. Add an entry for each.`,
    );

  return {
    kind: 'team',
    name,
    protocol,
    members,
    accepts,
    returns,
    handles: [accepts],
    options: {
      ...(supervise ? { supervise } : {}),
      ...(budget ? { budget } : {}),
      ...(onExhausted ? { onExhausted } : {}),
      ...(deadline ? { deadline } : {}),
      ...(maxTurns ? { maxTurns } : {}),
    },
    next(said) {
      const message = said.at(-1)!;
      const route = Object.hasOwn(routes, message.type) ? routes[message.type]! : undefined;
      if (!route)
        throw new TroupeError('definition', `The route of team "${name}" says nothing about "${message.type}".`);
      return check(message.type, route(message, talk(said)));
    },
  };

  function talk(said: readonly TeamMessage[]): Talk<M, Mem, R> {
    return {
      said,
      to: (member, type, body) => ({ send: [{ to: member, type, body }] }),
      finish: (body) => ({ finish: body }),
      last(type) {
        const found = said.findLast((message) => message.type === type);
        if (!found)
          throw new TroupeError(
            'definition',
            `The route of team "${name}" asks for the last "${type}", and there was none yet.`,
          );
        return found.body as Body<M, typeof type>;
      },
      count: (type) => said.filter((message) => message.type === type).length,
    };
  }

  /** What the compiler holds for typed callers, held for everybody else. Bodies are as their schemas leave them. */
  function check(type: string, next: unknown): Next {
    if (isFinish(next)) return { finish: protocol.parse(returns, next.finish) };
    if (isSend(next)) return { send: next.send.map(checkedSend) };
    throw new TroupeError(
      'definition',
      `The route of team "${name}" must answer "${type}" with to(…), all(…) or finish(…), at once; it gave ${next instanceof Promise ? 'a promise' : came(next)}.`,
    );
  }

  function checkedSend({ to, type, body }: Send): Send {
    const member = Object.hasOwn(members, to) ? members[to] : undefined;
    if (!member)
      throw new TroupeError(
        'unknown_recipient',
        `The team "${name}" has ${names.join(', ')}; its route sent "${type}" to "${to}".`,
      );
    if (!member.handles.includes(type as Name<M>))
      throw new TroupeError(
        'unknown_message',
        `"${to}" handles ${member.handles.join(', ')}; the route of team "${name}" sent it "${type}".`,
      );
    return { to, type, body: protocol.parse(type as Name<M>, body) };
  }
}

interface Answering extends Member {
  readonly returns?: string;
  readonly members?: readonly { readonly agent: Answering }[];
}

/** A team gives what it returns, whatever else might answer what it takes; an orchestrator what its members give. */
const answersOf = ({ kind, handles, gives, returns, members }: Answering, all: Protocol): readonly string[] => {
  if (kind === 'guarded' && gives !== undefined) return [gives];
  if (kind === 'team' && gives === undefined && returns !== undefined) return [returns];
  if (kind === 'orchestrator' && Array.isArray(members)) return members.flatMap(({ agent }) => answersOf(agent, all));
  return handles.flatMap((type) => all.messages[type]?.replies ?? []);
};

const isFinish = (next: unknown): next is { finish: unknown } =>
  typeof next === 'object' && next !== null && 'finish' in next;
const isSend = (next: unknown): next is { send: readonly Send[] } =>
  typeof next === 'object' && next !== null && Array.isArray((next as { send?: unknown }).send);

/** Several messages at once; the route hears of each answer. */
export const all = (...nexts: readonly Next[]): Next => ({
  send: nexts.flatMap((next) => {
    if (isSend(next)) return next.send;
    throw new TroupeError(
      'definition',
      `all(…) takes messages made by to(…); ${isFinish(next) ? 'finish(…) ends the run and stands alone' : `got ${came(next)}`}.`,
    );
  }),
});
