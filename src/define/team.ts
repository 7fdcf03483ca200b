/** Defines a team: its members, the message it takes, the message it returns, and the route between them. */
import { describeValue, parseDefinition, quotedName } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { ownTypes, slug } from '../values/ids.ts';
import type {
  MessageBody,
  BodyInput,
  Messages,
  MessageName,
  Protocol,
  ReplyNames,
  MessageOf,
} from '../contracts/protocol.ts';
import type { Duration } from '../values/duration.ts';
import type { Budget } from '../contracts/agent.ts';
import type { RunMessage } from '../contracts/run.ts';
import type { OnExhausted } from '../contracts/treasury.ts';
import type { Supervision } from '../core/actorType.ts';
import { TeamSchema } from './schemas.ts';
import { answersTogether } from '../../machines/router/settings.ts';
import { memberDefinition } from './anyMember.ts';
import { requireNesting } from './nesting.ts';
import type { Member } from './member.ts';

// The members' own message types are checked where they are used; here every member that speaks the protocol will do.
type Members<M extends Messages> = Readonly<Record<string, Member<M, MessageName<M>>>>;
type HandledBy<A> = A extends Member<infer _M, infer H> ? H : never;
type AnswersOf<M extends Messages, Who> =
  Who extends Team<infer _M, infer _A, infer R>
    ? R
    : Who extends { readonly kind: 'guarded'; readonly subject: infer Inner }
      ? AnswersOf<M, Inner>
      : Who extends { readonly kind: 'orchestrator'; readonly members: readonly { readonly agent: infer Each }[] }
        ? AnswersOf<M, Each>
        : ReplyNames<M, HandledBy<Who> & MessageName<M>>;
/** Everything that can arrive at the route: the message that the team takes, and the answers of its members. */
type Arriving<M extends Messages, Mem, A extends MessageName<M>> =
  A | { [K in keyof Mem]: AnswersOf<M, Mem[K]> }[keyof Mem];

/** A message that a route hands to a member. */
export interface Send {
  /** The name of the member. */
  readonly to: string;
  /** The name of the message. */
  readonly type: string;
  /** Its body, checked against the protocol before it is sent. */
  readonly body: unknown;
}
/** What a route decides: which messages are handed out, or the answer of the team. */
export type Next =
  | {
      /** The messages to hand out; none when other members are still at work. */
      readonly send: readonly Send[];
    }
  | {
      /** The body of the team's answer. */
      readonly finish: unknown;
    };

/** What a route may do: hand a message to a member, or give the team's answer. */
export interface Talk<M extends Messages, Mem extends Members<M>, R extends MessageName<M>> {
  /** Hands a message to a member that handles it. Several at once: `all(to(…), to(…))`. */
  readonly to: <K extends keyof Mem & string, T extends HandledBy<Mem[K]> & MessageName<M>>(
    member: K,
    type: T,
    body: BodyInput<M, T>,
  ) => Next;
  /** Ends the run with the team's answer. */
  readonly finish: (body: BodyInput<M, R>) => Next;
  /** The body of the latest message of that name in this run. Throws `definition` when there was none: the route is wrong then. */
  readonly last: <T extends MessageName<M>>(type: T) => MessageBody<M, T>;
  /** How many messages of that name there were. */
  readonly count: (type: MessageName<M>) => number;
  /** All messages so far, oldest first; the last one is the one to route. */
  readonly said: readonly TeamMessage[];
}

/** A message as a route sees it. An answer of a member has its sender in `from`, and in `turn` the number of the message it answers (from 0). */
export type TeamMessage = Pick<RunMessage, 'type' | 'from' | 'turn' | 'usage' | 'at'> & {
  /** The body, as the schema of its message leaves it. */
  readonly body: unknown;
};

/** A function for every message that can arrive. It decides what happens next. */
export type Route<M extends Messages, Mem extends Members<M>, A extends MessageName<M>, R extends MessageName<M>> = {
  readonly [K in Arriving<M, Mem, A> & MessageName<M>]: (message: MessageOf<M, K>, talk: Talk<M, Mem, R>) => Next;
};

/** What a team is defined with. */
export interface TeamOptions<
  M extends Messages,
  Mem extends Members<M>,
  A extends MessageName<M>,
  R extends MessageName<M>,
> {
  /** Its name, in lower case also its id. */
  readonly name: string;
  /** The messages that its members speak. */
  readonly protocol: Protocol<M>;
  /** Its members by name; at least one. All speak the same protocol. */
  readonly members: Mem;
  /** The message that a run starts with; its body is the run's input. */
  readonly accepts: A;
  /** The message whose body is the run's result. */
  readonly returns: R;
  /** For every message that can arrive, a function that decides what happens next. Pure: no clock, no randomness, no I/O. */
  readonly route: Route<M, Mem, A, R>;
  /** How members are restarted when they fail; `one-for-one`, at most 3 restarts within a minute, by default. */
  readonly supervise?: Partial<Omit<Supervision, 'within'>> & {
    /** The time within which restarts are counted, as a duration or in milliseconds; one minute by default. */
    readonly within?: Duration;
  };
  /** What all members together may use up; no limit by default. */
  readonly budget?: Budget;
  /**
   * What happens when the budget is used up and no member at work can return a part of it. `fail` by default; `ask`: a ticket asks a person
   * for more; `degrade`: members go on with the next of their models when they run short, and fail when the last has no room.
   */
  readonly onExhausted?: OnExhausted;
  /** How long a run may take, as a duration such as '2m' or in milliseconds; 48 hours by default. */
  readonly deadline?: Duration;
  /** How many messages may be handed out before the run fails; 50 by default. */
  readonly maxTurns?: number;
}

/** A defined team: something to run, or a member of another team. */
export interface Team<
  M extends Messages = Messages,
  A extends MessageName<M> = MessageName<M>,
  R extends MessageName<M> = MessageName<M>,
> {
  readonly kind: 'team';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** The messages that its members speak. */
  readonly protocol: Protocol<M>;
  /** Its members by name. */
  readonly members: Members<M>;
  /** The message that a run starts with. */
  readonly accepts: A;
  /** The message whose body is the run's result. */
  readonly returns: R;
  /** As a member of another team it handles what it accepts. */
  readonly handles: readonly [A];
  /** True for presets: the names of what they take and give are their own. */
  readonly plain?: true;
  /** Its limits and supervision as they were given. */
  readonly options: Pick<
    TeamOptions<M, Members<M>, A, R>,
    'supervise' | 'budget' | 'onExhausted' | 'deadline' | 'maxTurns'
  >;
  /** Decides what happens next, after the messages so far; the last one is the one to route. Throws `definition`. */
  next(said: readonly TeamMessage[]): Next;
}

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
  const each: readonly (readonly [string, Member<M, MessageName<M>>])[] = Object.entries(members);
  const names = each.map(([member]) => member);
  if (names.length === 0)
    throw new TroupeError('definition', `The team "${name}" has no members; it needs at least one.`);
  for (const [member, definition] of each) {
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
    if (definition.protocol !== protocol)
      throw new TroupeError(
        'definition',
        `The member "${member}" speaks another protocol than the team "${name}". Give both the same protocol object.`,
      );
  }
  for (const [member, given] of each) {
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
  const arriving = new Set<string>([accepts, ...each.flatMap(([, definition]) => answersOf(definition, protocol))]);
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
      const message = latestOf(said);
      const route = Object.hasOwn(routes, message.type) ? routes[message.type] : undefined;
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
        return found.body as MessageBody<M, typeof type>;
      },
      count: (type) => said.filter((message) => message.type === type).length,
    };
  }

  /** Checks at run time what the compiler checks for typed callers. Bodies become as their schemas leave them. */
  function check(type: string, next: unknown): Next {
    if (isFinish(next)) return { finish: protocol.parse(returns, next.finish) };
    if (isSend(next)) return { send: next.send.map(checkedSend) };
    throw new TroupeError(
      'definition',
      `The route of team "${name}" must answer "${type}" with to(…), all(…) or finish(…), at once; it gave ${next instanceof Promise ? 'a promise' : describeValue(next)}.`,
    );
  }

  function checkedSend({ to, type, body }: Send): Send {
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
    return { to, type, body: protocol.parse(handled, body) };
  }
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

const isFinish = (next: unknown): next is { finish: unknown } =>
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
