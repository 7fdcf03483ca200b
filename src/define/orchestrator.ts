/** Defines an orchestrator: it gives tasks to its members by a router, within limits, and answers with a result for each task. */
import * as z from 'zod';
import { memberDefinition } from './anyMember.ts';
import { parseDefinition, quotedName } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { reservedTypes, slug } from '../values/ids.ts';
import { isMode, type ExecutionMode } from '../contracts/executionMode.ts';
import { RetryPolicy } from '../contracts/task.ts';
import { DurationSchema, isMember, kindOf } from './schemas.ts';
import { requireNesting } from './nesting.ts';
import { routers } from './routers.ts';
import type {
  MemberSpecs,
  Orchestrator,
  OrchestratorMember,
  OrchestratorMemberOptions,
  OrchestratorMemberSpec,
  OrchestratorOptions,
  MemberTypes,
} from './orchestratorDefinition.ts';

const atLeastOne = z.number().int().positive();
const MemberSchema = z.custom((value) => isMember(value), {
  error: 'expected agent({ … }), team({ … }), orchestrator({ … }) or guarded(…)',
});
const MemberShape = z.union(
  [
    MemberSchema,
    z.strictObject({
      agent: MemberSchema,
      id: z.string().min(1).optional(),
      role: z.string().min(1).optional(),
      capacity: atLeastOne.optional(),
      maxSteps: atLeastOne.optional(),
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
      maxConcurrentTasks: atLeastOne.optional(),
      maxTotalSteps: atLeastOne.optional(),
      maxTotalTasks: atLeastOne.optional(),
    })
    .optional(),
  retry: RetryPolicy.optional(),
  rotation: z
    .strictObject({
      maxFailures: atLeastOne.optional(),
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

/** Names that the machine of a router uses for its own actors: no member may have one. */
export const reservedMemberIds: ReadonlySet<string> = new Set([...reservedTypes, 'load', 'collect', 'select', 'guard']);

/**
 * Puts members behind a router. `run(orchestrator, { tasks })` gives a result for every task, in their order; `run(orchestrator, 'a text')` the one result.
 * Throws `definition` when something in it cannot be used.
 * @example const desk = orchestrator({ name: 'desk', members: [ada, bob], router: routers.roundRobin(), mode: 'parallel:4' });
 */
export function orchestrator<const Mode extends ExecutionMode = 'auto', const Specs extends MemberSpecs = MemberSpecs>(
  options: OrchestratorOptions<Mode, Specs>,
): Orchestrator<Mode, MemberTypes<Specs>> {
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
  return made as unknown as Orchestrator<Mode, MemberTypes<Specs>>;
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
  const ids = new Set<string>();
  for (const { id } of members) {
    if (ids.has(id))
      throw new TroupeError(
        'definition',
        `${what} has two members called "${id}". Give one of them another id: { agent, id: '…' }.`,
      );
    if (reservedMemberIds.has(id))
      throw new TroupeError(
        'definition',
        `${what} has a member "${id}", a name that the runtime uses itself. Choose another.`,
      );
    if (slug(id) !== id)
      throw new TroupeError('definition', `A member's name is an id (a-z, 0-9, ". _ -"); "${id}" is not.`);
    ids.add(id);
  }
  return members;
}
