/** The models of guardrails and of an orchestrator: their own machines, with the members behind them reduced to contracts. Every piece of work must be answered. */

import { healthOf, healthStatuses } from '../../contracts/health.ts';
import type { Json } from '../../values/json.ts';
import { compile } from '../../runtime/compile/compile.ts';
import { runInput, type AnyAgent, type AnyGuarded, type AnyOrchestrator, type AnyTeam } from '../../define/runnable.ts';
import { jsonObject, jsonObjects, jsonText } from '../jsonValues.ts';
import { systemClock } from '../../engine/clock.ts';

import type { GuardrailContext } from '../../../machines/guardrail/context.ts';
import type { RouterContext } from '../../../machines/router/context.ts';
import { projectContext, type Projection } from './abstraction.ts';
import { contextOf } from './contexts.ts';
import { bodiesFor, reducedToContracts, memberOutcomes, projectMember } from './contract.ts';
import { projectGiven } from './machineModel.ts';
import type { CheckSettings } from './options.ts';
import { succeedsWith, sampledOutcomes, outcomeWords } from './effectOutcomes.ts';
import { endWords } from './routing.ts';
import { isDeadlineTimer, type ExternalMessage, type PossibleOutcome, type CheckModel } from './model.ts';
import { tasksFor, unansweredTasks } from './tasks.ts';

const never = { answer: () => Promise.reject(new Error('A check asks no model.')) };
const signal = (type: string, body: Json = {}): ExternalMessage => ({ type, kind: 'signal', body, watched: true });
const reason = { reason: 'not needed' };

/** The model of guardrails. Throws `invalid` or `definition` for an input or samples that do not fit. */
export function guardedModel(guarded: AnyGuarded, settings: CheckSettings): CheckModel {
  const inputs = settings.input === undefined ? inputsOf(guarded, settings) : [settings.input];
  return {
    ...supervised(guarded, settings),
    inputs: inputs.map((input) => runInput(guarded, input)),
    external: [
      signal('work.cancel', reason),
      signal('work.pause'),
      signal('work.resume'),
      signal('guardrail.trip', reason),
      signal('guardrail.reset'),
    ],
  };
}

/** The model of an orchestrator. Throws `invalid` or `definition` for an input or samples that do not fit. */
export function orchestratorModel(orchestrator: AnyOrchestrator, settings: CheckSettings): CheckModel {
  const { deadline, retry } = orchestrator.options;
  // What happens at a limit is explored; a higher limit adds nothing new.
  const once = retry && { ...retry, maxRetries: Math.min(1, retry.maxRetries) };
  const small = { ...orchestrator, options: { ...orchestrator.options, ...(once ? { retry: once } : {}) } };
  const model = supervised(small, settings);
  return {
    ...model,
    inputs: [runInput(orchestrator, settings.input ?? { tasks: tasksFor(orchestrator, settings) })],
    external: [
      signal('orchestra.cancel', reason),
      signal('orchestra.pause'),
      signal('orchestra.resume'),
      signal('orchestra.reset'),
    ],
    isHeld: ({ actors, root }) => actors.get(root)?.snapshot.tags.has('paused') === true,
    isDefaultTimer: (actor, timer) =>
      model.isDefaultTimer(actor, timer) ||
      (deadline === undefined && actor.spawnInfo.parent === undefined && isDeadlineTimer(timer)),
    problemOfEnd: unansweredTasks,
  };
}

function supervised(
  subject: AnyGuarded | AnyOrchestrator,
  settings: CheckSettings,
): Omit<CheckModel, 'inputs' | 'external'> {
  const possible = sampledOutcomes(settings.samples);
  const label: CheckModel['label'] = ({ type, spawnInfo }) =>
    spawnInfo.parent === undefined ? subject.name : type.name;
  return {
    name: subject.name,
    numbers: settings.numbers,
    type: compile({ gateway: never, clock: systemClock(), opened: [] })(reducedToContracts(subject)),
    isInterference: () => true,
    // A guard that watches is asked again and again; the first time stands for all.
    isDefaultTimer: (_, timer) => timer.data.event.type === 'watch.due',
    outcomes(actor, effect) {
      const { src, input } = effect.data;
      if (src === 'work') return memberOutcomes(actor, effect, settings);
      if (Object.hasOwn(settings.samples ?? {}, src)) return possible(effect);
      if (src === 'checkWork') return [...verdicts, ...failing(possible(effect))];
      if (src === 'select') return [...choices(input), ...failing(possible(effect))];
      return possible(effect);
    },
    tell: (_, effect, outcome) => outcomeWords(effect.data.src, outcome),
    project: projectGiven(settings, keepSupervisor),
    label,
    messageWords: ({ type, body }) =>
      type === 'work.done' || type.startsWith('xstate.done.actor.task.') ? endWords(body) : undefined,
  };
}

const verdicts: readonly PossibleOutcome[] = [
  { ...succeedsWith('check', { ok: true }), says: 'lets it through' },
  { ...succeedsWith('check', { ok: false, kind: 'denied', reason: 'no' }), says: 'turns it down' },
];
const failing = (all: readonly PossibleOutcome[]) => all.filter(({ outcome }) => !outcome.ok);

/** Each of the candidates, and a name that is none of them. */
const choices = (input: Json): PossibleOutcome[] => {
  const candidates = jsonObjects(jsonObject(input)['candidates']) ?? [];
  return [...candidates.map(({ id }) => jsonText(id)), 'nobody'].map((member) => ({
    ...succeedsWith('select', { member }),
    says: `chooses ${member}`,
  }));
};

/** The inputs of what is guarded. */
function inputsOf({ subject }: AnyGuarded, settings: CheckSettings): readonly unknown[] {
  // Which of the three kinds it is was checked when it was guarded.
  const inner = subject as AnyAgent | AnyTeam | AnyGuarded;
  if (inner.kind === 'guarded') return inputsOf(inner, settings);
  if (inner.kind === 'team') return bodiesFor(inner.protocol, inner.accepts, settings);
  const { protocol } = inner;
  const types: readonly string[] = inner.handles;
  if (!protocol || types.length === 0) return ['Do it.'];
  return types.flatMap((type) => bodiesFor(protocol, type, settings).map((body) => ({ type, body })));
}

/** The part of each context that the guards look at. */
const keepSupervisor: Projection = (actor, outline) => {
  if (contextOf(actor, 'member')) return projectMember(actor);
  const guardrail = contextOf(actor, 'guardrail');
  if (guardrail) return keepGuardrail(guardrail);
  const router = contextOf(actor, 'router');
  return router ? keepRouter(router) : projectContext(actor, outline);
};

const keepGuardrail = ({ passages, failures, round, dead, cancelled, standing, output }: GuardrailContext): Json => [
  passages.map(
    (each) =>
      each && [
        each.work.id,
        each.stage,
        each.round === round,
        each.paused,
        each.ending?.how ?? null,
        each.output?.status ?? null,
      ],
  ),
  failures,
  dead,
  cancelled !== undefined,
  [...standing],
  output?.status ?? null,
];

const keepRouter = (context: RouterContext): Json => {
  const { queue, jobs, seats, gatherings, submitted, loaded, answered, halt, closed, due, broken, turn } = context;
  return [
    queue.map(({ seq, held = false }) => [seq, held]),
    jobs.map(
      (job) => job && [job.seq, job.stage, job.attempts, job.stopping ?? null, job.member ?? null, job.held ?? false],
    ),
    seats.map(({ busy, failures, outUntil, trial, stands }) => [busy, failures, outUntil !== null, trial, stands]),
    healthRanks(seats),
    gatherings.map(({ seq, open }) => [seq, open]),
    [submitted, loaded, answered, turn],
    [halt?.kind ?? null, closed, due, broken],
  ];
};

/** How many degrees of health are better than each member's: a router chooses by this order and by nothing else. */
function healthRanks(seats: RouterContext['seats']): readonly number[] {
  const healths = seats.map(({ recent }) => healthStatuses.indexOf(healthOf(recent, recent.at(-1)?.at ?? 0)));
  return healths.map((health) => new Set(healths.filter((other) => other < health)).size);
}
