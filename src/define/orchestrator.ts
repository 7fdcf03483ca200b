/** Defines an orchestrator: it gives tasks to its members by a router, within limits, and answers with a result for each task. */
import * as z from 'zod';
import type { Guardrail } from '../../actors/guardrail.ts';
import { memberDefinition } from './anyMember.ts';
import type { Duration } from '../values/duration.ts';
import { parseDefinition, quotedName } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { ownTypes, slug } from '../values/ids.ts';
import { isMode, RetryPolicy, type ExecutionMode } from '../contracts/task.ts';
import { DurationSchema, isMember, kindOf } from './schemas.ts';
import { requireNesting } from './nesting.ts';
import type { Member as AnyMember } from './member.ts';
import { routers, type Router } from './routers.ts';

/** Whatever may work for an orchestrator: an agent, a team, an orchestrator, or one of them guarded. The messages that it speaks are read from its own type. */
export type MemberLike = Pick<AnyMember, 'kind' | 'name'>;

/** A member with its id, role and limits in one orchestrator. */
export interface OrchestratorMemberOptions<Who extends MemberLike = MemberLike> {
  /** The agent, team, orchestrator or guarded definition that does the work. */
  readonly agent: Who;
  /** Its id in this orchestrator; its own name by default. */
  readonly id?: string;
  /** The role by which `routers.role` finds it; none by default. */
  readonly role?: string;
  /** How many tasks it works on at once; no limit by default. */
  readonly capacity?: number;
  /** How many model answers one attempt may take when the task sets no limit; no limit of its own by default. */
  readonly maxSteps?: number;
}
/** A member as it may be written: alone, or with its options. */
export type OrchestratorMemberSpec = MemberLike | OrchestratorMemberOptions;
type MemberSpecs = readonly OrchestratorMemberSpec[] | Readonly<Record<string, OrchestratorMemberSpec>>;

/** A member of a defined orchestrator. */
export interface OrchestratorMember<Who extends MemberLike = MemberLike> extends Omit<
  OrchestratorMemberOptions<Who>,
  'id'
> {
  /** Its id in this orchestrator. */
  readonly id: string;
}
/** The types of the members, from a list or from an object. */
type WhoIn<Specs> = Specs extends readonly (infer Spec)[]
  ? WhoOf<Spec>
  : { [K in keyof Specs]: WhoOf<Specs[K]> }[keyof Specs];
type WhoOf<Spec> = Spec extends { readonly agent: infer Who extends MemberLike }
  ? Who
  : Spec extends MemberLike
    ? Spec
    : never;
type SpokenBy<Who> = Who extends { readonly protocol: infer Spoken } ? Spoken : never;
type TakenBy<Who> = Who extends { readonly handles: readonly (infer Taken)[] } ? Taken : never;

/** Limits of one orchestration. */
export interface OrchestratorBudget {
  /** How many tasks are worked on at once; the limit of the mode by default. */
  readonly maxConcurrentTasks?: number;
  /** How many model answers all tasks together may take; no limit by default. */
  readonly maxTotalSteps?: number;
  /** How many tasks are given out in all; no limit by default. */
  readonly maxTotalTasks?: number;
}

/** When a member that keeps failing gets no tasks for a while. */
export interface RotationOptions {
  /** How many failures in a row, by the member's own fault, take it out of rotation; 3 by default. */
  readonly maxFailures?: number;
  /** The time within which those failures must happen, as a duration or in milliseconds; five minutes by default. */
  readonly within?: Duration;
  /** How long it gets no tasks before it is tried again, as a duration or in milliseconds; 30 seconds by default. `never`: it stays out. */
  readonly rest?: Duration | 'never';
}

/** What an orchestrator is defined with. */
export interface OrchestratorOptions<
  Mode extends ExecutionMode = ExecutionMode,
  Specs extends MemberSpecs = MemberSpecs,
> {
  /** Its name, in lower case also its id. */
  readonly name: string;
  /** Agents, teams, orchestrators and guarded definitions. Routers that take the first or the next member go by this order. */
  readonly members: Specs;
  /** Decides which member gets a task; `routers.firstAvailable()` by default. */
  readonly router?: Router;
  /** How many tasks are worked on at once, and whether each gets the answer of the one before it; `auto` by default: up to 64 at once. */
  readonly mode?: Mode;
  /** Limits of one orchestration; none by default. */
  readonly budget?: OrchestratorBudget;
  /** Further attempts for tasks that set none themselves; none by default. */
  readonly retry?: z.input<typeof RetryPolicy>;
  /** When a member that keeps failing gets no tasks for a while. */
  readonly rotation?: RotationOptions;
  /** Guardrails in front of all members; none by default. A rejection becomes the result of its task. */
  readonly guardrails?: readonly Guardrail[];
  /** How long the whole orchestration may take from its beginning, as a duration or in milliseconds; as a member of something, each piece of work. No limit by default. */
  readonly deadline?: Duration;
  /** How long members may take to end when they are stopped, as a duration or in milliseconds; 15 seconds by default. */
  readonly grace?: Duration;
}

/** A defined orchestrator: something to run, or a member. */
export interface Orchestrator<Mode extends ExecutionMode = ExecutionMode, Who extends MemberLike = MemberLike> {
  readonly kind: 'orchestrator';
  /** Its id: a-z, 0-9 and ". _ -". */
  readonly name: string;
  /** Its members, in the order in which they were given. */
  readonly members: readonly OrchestratorMember<Who>[];
  /** The protocol of its members, where all of them have the same. As a member of a team it takes what any of its members takes, and answers with their answers. */
  readonly protocol: SpokenBy<Who> | undefined;
  /** The messages that any of its members takes. */
  readonly handles: readonly TakenBy<Who>[];
  /** Decides which member gets a task. */
  readonly router: Router;
  /** How many tasks are worked on at once. */
  readonly mode: Mode;
  /** In front of all members. */
  readonly guardrails: readonly Guardrail[];
  /** Its limits as they were given. */
  readonly options: Pick<OrchestratorOptions, 'budget' | 'rotation' | 'deadline' | 'grace'> & {
    /** Further attempts for tasks that set none themselves. */
    readonly retry?: RetryPolicy;
  };
}

const whole = z.number().int().positive();
const agentLike = z.custom((value) => isMember(value), {
  error: 'expected agent({ … }), team({ … }), orchestrator({ … }) or guarded(…)',
});
const MemberShape = z.union(
  [
    agentLike,
    z.strictObject({
      agent: agentLike,
      id: z.string().min(1).optional(),
      role: z.string().min(1).optional(),
      capacity: whole.optional(),
      maxSteps: whole.optional(),
    }),
  ],
  {
    error:
      'expected agent({ … }), team({ … }), orchestrator({ … }) or guarded(…), or { agent, id?, role?, capacity?, maxSteps? } with whole numbers of 1 or more',
  },
);

const OrchestratorShape = z.strictObject({
  name: z.string().refine((value) => value.trim() !== '', { error: 'expected a text that is not empty' }),
  members: z.custom<object>((value) => typeof value === 'object' && value !== null, {
    error: 'expected a list of members, or an object with a member under each id',
  }),
  router: z
    .custom((value) => kindOf(value) === 'router', {
      error: 'expected one of routers.…()',
    })
    .optional(),
  mode: z
    .custom(isMode, { error: 'expected auto, sequential, concurrent, pipeline or parallel:N with N from 1 to 1000' })
    .optional(),
  budget: z
    .strictObject({
      maxConcurrentTasks: whole.optional(),
      maxTotalSteps: whole.optional(),
      maxTotalTasks: whole.optional(),
    })
    .optional(),
  retry: RetryPolicy.optional(),
  rotation: z
    .strictObject({
      maxFailures: whole.optional(),
      within: DurationSchema.optional(),
      rest: z.union([DurationSchema, z.literal('never')]).optional(),
    })
    .optional(),
  guardrails: z
    .array(
      z.custom((value) => kindOf(value) === 'guardrail', {
        error: 'expected one of guardrails.…()',
      }),
    )
    .optional(),
  deadline: DurationSchema.optional(),
  grace: DurationSchema.optional(),
});

/** Names that the machine of a router uses for its own actors. */
const taken: ReadonlySet<string> = new Set([...ownTypes, 'router', 'load', 'collect', 'select', 'guard']);

/**
 * Puts members behind a router. `run(orchestrator, { tasks })` gives a result for every task, in their order; `run(orchestrator, 'a text')` the one result.
 * Throws `definition` when something in it cannot be used.
 * @example const desk = orchestrator({ name: 'desk', members: [ada, bob], router: routers.roundRobin(), mode: 'parallel:4' });
 */
export function orchestrator<const Mode extends ExecutionMode = 'auto', const Specs extends MemberSpecs = MemberSpecs>(
  options: OrchestratorOptions<Mode, Specs>,
): Orchestrator<Mode, WhoIn<Specs>> {
  const what = `The orchestrator${quotedName(options)}`;
  const { retry } = parseDefinition(OrchestratorShape, options, what);
  const { budget, rotation, deadline, grace, router = routers.firstAvailable(), guardrails = [] } = options;
  const members = membersOf(options.members, what);
  if (router.strategy.kind === 'role' && !router.strategy.fallback && members.every(({ role }) => role === undefined))
    throw new TroupeError(
      'definition',
      `${what} routes by role, and no member has one. Give members a role, { agent, role: '…' }, or the router a fallback.`,
    );
  const name = slug(options.name);
  requireNesting({ kind: 'orchestrator', name, members });
  const protocols = new Set(members.map(({ agent }) => memberDefinition(agent).protocol));
  const [protocol] = protocols.size === 1 ? protocols : [];
  const made = {
    kind: 'orchestrator',
    name,
    members,
    protocol,
    handles: [...new Set(members.flatMap(({ agent }): readonly string[] => memberDefinition(agent).handles))],
    router,
    mode: options.mode ?? 'auto',
    guardrails,
    options: {
      ...(budget ? { budget } : {}),
      ...(retry ? { retry } : {}),
      ...(rotation ? { rotation } : {}),
      ...(deadline === undefined ? {} : { deadline }),
      ...(grace === undefined ? {} : { grace }),
    },
  };
  // The types of members and mode are read from the options; here they are any.
  return made as unknown as Orchestrator<Mode, WhoIn<Specs>>;
}

function membersOf(given: OrchestratorOptions['members'], what: string): readonly OrchestratorMember[] {
  const entries: readonly (readonly [string | undefined, OrchestratorMemberSpec])[] = Array.isArray(given)
    ? given.map((spec: OrchestratorMemberSpec) => [undefined, spec] as const)
    : Object.entries(given);
  const members = entries.map(([key, spec]): OrchestratorMember => {
    parseDefinition(MemberShape, spec, `${what} has a member that`);
    const { id, ...rest }: OrchestratorMemberOptions = 'kind' in spec ? { agent: spec } : spec;
    return { ...rest, id: key ?? id ?? rest.agent.name };
  });
  if (members.length === 0) throw new TroupeError('definition', `${what} has no members; it needs at least one.`);
  const ids = members.map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index)
      throw new TroupeError(
        'definition',
        `${what} has two members called "${id}". Give one of them another id: { agent, id: '…' }.`,
      );
    if (taken.has(id))
      throw new TroupeError(
        'definition',
        `${what} has a member "${id}", a name that the runtime uses itself. Choose another.`,
      );
    if (slug(id) !== id)
      throw new TroupeError('definition', `A member's name is an id (a-z, 0-9, ". _ -"); "${id}" is not.`);
  }
  return members;
}
