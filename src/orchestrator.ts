/** An orchestrator: gives tasks to its members by a router, within limits, and answers with a result for each. */
import * as z from 'zod';
import type { Guardrail } from '../actors/guardrail.ts';
import type { Duration } from './contracts/duration.ts';
import { checked, named } from './contracts/explain.ts';
import { TroupeError } from './contracts/failure.ts';
import { ownTypes, slug } from './contracts/ids.ts';
import { isMode, RetryPolicy, type ExecutionMode } from './contracts/task.ts';
import { duration, isMember } from './definition.ts';
import { requireDepth } from './depth.ts';
import type { Member as AnyMember } from './member.ts';
import { routers, type Router } from './routers.ts';

/** An agent, a team, an orchestrator, or something guarded. What it speaks is read from its own type. */
export type Worker = Pick<AnyMember, 'kind' | 'name'>;

/** A member with more than its own name to be found by. */
export interface MemberOptions<Who extends Worker = Worker> {
  readonly agent: Who;
  /** What it is called here; its own name unless told otherwise. */
  readonly id?: string;
  readonly role?: string;
  /** Tasks at once; as many as come unless told otherwise. */
  readonly capacity?: number;
  /** Answers of a model that an attempt may take where the task does not say. */
  readonly maxSteps?: number;
}
export type MemberSpec = Worker | MemberOptions;
type MemberSpecs = readonly MemberSpec[] | Readonly<Record<string, MemberSpec>>;

export interface Member<Who extends Worker = Worker> extends Omit<MemberOptions<Who>, 'id'> {
  readonly id: string;
}
/** Who they are, whichever way they were given. */
type WhoIn<Specs> = Specs extends readonly (infer Spec)[]
  ? WhoOf<Spec>
  : { [K in keyof Specs]: WhoOf<Specs[K]> }[keyof Specs];
type WhoOf<Spec> = Spec extends { readonly agent: infer Who extends Worker } ? Who : Spec extends Worker ? Spec : never;
type SpokenBy<Who> = Who extends { readonly protocol: infer Spoken } ? Spoken : never;
type TakenBy<Who> = Who extends { readonly handles: readonly (infer Taken)[] } ? Taken : never;

/** How many tasks at once, how many of all, and how many answers of a model all of them may take. */
export interface OrchestratorBudget {
  readonly maxConcurrentTasks?: number;
  readonly maxTotalSteps?: number;
  readonly maxTotalTasks?: number;
}

export interface RotationOptions {
  /** Failures in a row, by its own fault, that take a member out of rotation; 3 unless told otherwise. */
  readonly maxFailures?: number;
  /** Within what time; five minutes unless told otherwise. */
  readonly within?: Duration;
  /** How long it rests before it is tried again; 30 seconds unless told otherwise, `never` when it stays out. */
  readonly rest?: Duration | 'never';
}

export interface OrchestratorOptions<
  Mode extends ExecutionMode = ExecutionMode,
  Specs extends MemberSpecs = MemberSpecs,
> {
  readonly name: string;
  /** Agents, teams, orchestrators and whatever is guarded, in this order: routers that take the first or the next one go by it. */
  readonly members: Specs;
  /** Who has a task; `routers.firstAvailable()` unless told otherwise. */
  readonly router?: Router;
  readonly mode?: Mode;
  readonly budget?: OrchestratorBudget;
  /** For tasks that say nothing themselves: no further attempts unless told otherwise. */
  readonly retry?: z.input<typeof RetryPolicy>;
  readonly rotation?: RotationOptions;
  /** In front of all members: a rejection is in the result of its task. */
  readonly guardrails?: readonly Guardrail[];
  /** All of it must be over within this time from its beginning. As a member of something: each piece of work. */
  readonly deadline?: Duration;
  /** How long members may take to end when they are stopped; 15 seconds unless told otherwise. */
  readonly grace?: Duration;
}

export interface Orchestrator<Mode extends ExecutionMode = ExecutionMode, Who extends Worker = Worker> {
  readonly kind: 'orchestrator';
  readonly name: string;
  readonly members: readonly Member<Who>[];
  /** As a member of a team it speaks what its members speak, where that is one protocol; it takes what any of them takes, and answers with their answers. */
  readonly protocol: SpokenBy<Who> | undefined;
  readonly handles: readonly TakenBy<Who>[];
  readonly router: Router;
  readonly mode: Mode;
  readonly guardrails: readonly Guardrail[];
  readonly options: Pick<OrchestratorOptions, 'budget' | 'rotation' | 'deadline' | 'grace'> & {
    readonly retry?: RetryPolicy;
  };
}

const whole = z.number().int().positive();
const agentLike = z.custom((value) => isMember(value), {
  error: 'expected agent({ … }), team({ … }), orchestrator({ … }) or guarded(…)',
});
const Member = z.union(
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
    .custom((value) => (value as { kind?: unknown } | null)?.kind === 'router', {
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
      within: duration.optional(),
      rest: z.union([duration, z.literal('never')]).optional(),
    })
    .optional(),
  guardrails: z
    .array(
      z.custom((value) => (value as { kind?: unknown } | null)?.kind === 'guardrail', {
        error: 'expected one of guardrails.…()',
      }),
    )
    .optional(),
  deadline: duration.optional(),
  grace: duration.optional(),
});

/** Names under which a router keeps what is not a member. */
const taken: ReadonlySet<string> = new Set([...ownTypes, 'router', 'load', 'collect', 'select', 'guard']);

/**
 * Puts members behind a router. `run(orchestrator, { tasks })` gives a result for every task, in their order; `run(orchestrator, 'a text')` the one result.
 * Throws `definition` when something in it cannot be used.
 * @example const desk = orchestrator({ name: 'desk', members: [ada, bob], router: routers.roundRobin(), mode: 'parallel:4' });
 */
export function orchestrator<const Mode extends ExecutionMode = 'auto', const Specs extends MemberSpecs = MemberSpecs>(
  options: OrchestratorOptions<Mode, Specs>,
): Orchestrator<Mode, WhoIn<Specs>> {
  const what = `The orchestrator${named(options)}`;
  const { retry } = checked(OrchestratorShape, options, what);
  const { budget, rotation, deadline, grace, router = routers.firstAvailable(), guardrails = [] } = options;
  const members = membersOf(options.members, what);
  if (router.strategy.kind === 'role' && !router.strategy.fallback && members.every(({ role }) => role === undefined))
    throw new TroupeError(
      'definition',
      `${what} routes by role, and no member has one. Give members a role, { agent, role: '…' }, or the router a fallback.`,
    );
  const name = slug(options.name);
  requireDepth({ kind: 'orchestrator', name, members });
  const protocols = new Set(members.map(({ agent }) => (agent as AnyMember).protocol));
  const [protocol] = protocols.size === 1 ? protocols : [];
  const made = {
    kind: 'orchestrator',
    name,
    members,
    protocol,
    handles: [...new Set(members.flatMap(({ agent }) => (agent as AnyMember).handles))],
    router,
    mode: (options.mode ?? 'auto') as Mode,
    guardrails,
    options: {
      ...(budget ? { budget } : {}),
      ...(retry ? { retry } : {}),
      ...(rotation ? { rotation } : {}),
      ...(deadline === undefined ? {} : { deadline }),
      ...(grace === undefined ? {} : { grace }),
    },
  };
  // What its members are is known by the types of what was given; here they are anybody.
  return made as unknown as Orchestrator<Mode, WhoIn<Specs>>;
}

function membersOf(given: OrchestratorOptions['members'], what: string): readonly Member[] {
  const entries: readonly (readonly [string | undefined, MemberSpec])[] = Array.isArray(given)
    ? given.map((spec: MemberSpec) => [undefined, spec] as const)
    : Object.entries(given);
  const members = entries.map(([key, spec]): Member => {
    checked(Member, spec, `${what} has a member that`);
    const { id, ...rest }: MemberOptions = 'kind' in spec ? { agent: spec } : spec;
    return { ...rest, id: key ?? id ?? (rest.agent as AnyMember).name };
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
