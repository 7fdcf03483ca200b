/** Guardrails or a router as they are, with the contracts of those behind them: whatever these do, every piece of work must be answered. */
import type { AgentOutput } from '../../contracts/agent.ts';
import { healthOf, healthStatuses } from '../../contracts/health.ts';
import type { Json } from '../../contracts/json.ts';
import type { WorkDone } from '../../contracts/work.ts';
import { compile } from '../../compile.ts';
import { inputOf, type AnyAgent, type AnyGuarded, type AnyOrchestrator, type AnyTeam } from '../../subject.ts';
import { systemClock } from '../../system/clock.ts';
import type { EffectData, TimerData } from '../../system/pendings.ts';
import type { GuardrailContext } from '../../../machines/guardrail/context.ts';
import type { RouterContext } from '../../../machines/router/context.ts';
import type { Selection } from '../../../machines/router/events.ts';
import { keepContext, type Keep } from './abstraction.ts';
import { bodiesFor, byContract, deedsOf, keepMember } from './contract.ts';
import { keepGiven } from './ofMachine.ts';
import type { Settings } from './options.ts';
import { gives, sampled, told } from './outcomes.ts';
import { endWords } from './routing.ts';
import type { Outside, Possible, Stage } from './stage.ts';
import { tasksFor, unanswered } from './tasks.ts';

const never = { answer: () => Promise.reject(new Error('A check asks no model.')) };
const said = (type: string, body: Json = {}): Outside => ({ type, kind: 'signal', body, watched: true });
const reason = { reason: 'not needed' };

export function ofGuarded(guarded: AnyGuarded, settings: Settings): Stage {
  const made = settings.input === undefined ? inputsOf(guarded, settings) : [settings.input];
  return {
    ...supervised(guarded, settings),
    inputs: made.map((input) => inputOf(guarded, input)),
    outside: [
      said('work.cancel', reason),
      said('work.pause'),
      said('work.resume'),
      said('guardrail.trip', reason),
      said('guardrail.reset'),
    ],
  };
}

export function ofOrchestrator(orchestrator: AnyOrchestrator, settings: Settings): Stage {
  const { deadline, retry } = orchestrator.options;
  // What happens at a limit is seen; how high it is makes no difference.
  const once = retry && { ...retry, maxRetries: Math.min(1, retry.maxRetries) };
  const small = { ...orchestrator, options: { ...orchestrator.options, ...(once ? { retry: once } : {}) } };
  const stage = supervised(small, settings);
  return {
    ...stage,
    inputs: [inputOf(orchestrator, settings.input ?? { tasks: tasksFor(orchestrator, settings) })],
    outside: [
      said('orchestra.cancel', reason),
      said('orchestra.pause'),
      said('orchestra.resume'),
      said('orchestra.reset'),
    ],
    isHeld: ({ actors, root }) => actors.get(root)?.snapshot.tags.has('paused') === true,
    isNet: (actor, timer) =>
      stage.isNet(actor, timer) ||
      (deadline === undefined &&
        actor.birth.parent === undefined &&
        (timer.data as unknown as TimerData).event.type.startsWith('xstate.after.deadline.')),
    judge: unanswered,
  };
}

function supervised(subject: AnyGuarded | AnyOrchestrator, settings: Settings): Omit<Stage, 'inputs' | 'outside'> {
  const possible = sampled(settings.samples);
  const label: Stage['label'] = ({ type, birth }) => (birth.parent === undefined ? subject.name : type.name);
  return {
    name: subject.name,
    type: compile({ gateway: never, clock: systemClock(), opened: [] })(byContract(subject)),
    steers: () => true,
    // That it is asked again and again is what it is for: the first time stands for all.
    isNet: (_, { data }) => (data as unknown as TimerData).event.type === 'watch.due',
    outcomes(actor, effect) {
      const { src, input } = effect.data as unknown as EffectData;
      if (src === 'work') return deedsOf(actor, effect, settings);
      if (Object.hasOwn(settings.samples ?? {}, src)) return possible(effect);
      if (src === 'checkWork') return [...verdicts, ...failing(possible(effect))];
      if (src === 'select') return [...choices(input as unknown as Selection), ...failing(possible(effect))];
      return possible(effect);
    },
    tell: (_, effect, outcome) => told((effect.data as unknown as EffectData).src, outcome),
    keep: keepGiven(settings, keepSupervisor),
    label,
    read({ type, body }) {
      if (type === 'work.done') return endWords(body as unknown as WorkDone);
      return type.startsWith('xstate.done.actor.task.')
        ? endWords(body as unknown as { output: AgentOutput })
        : undefined;
    },
  };
}

const verdicts: readonly Possible[] = [
  { ...gives('check', { ok: true }), says: 'lets it through' },
  { ...gives('check', { ok: false, kind: 'denied', reason: 'no' }), says: 'turns it down' },
];
const failing = (all: readonly Possible[]) => all.filter(({ outcome }) => !outcome.ok);

/** Each of the candidates, and somebody who is none. */
const choices = ({ candidates }: Selection): Possible[] =>
  [...candidates.map(({ id }) => id), 'nobody'].map((member) => ({
    ...gives('select', { member }),
    says: `chooses ${member}`,
  }));

/** What what is guarded may be run with. */
function inputsOf({ subject }: AnyGuarded, settings: Settings): readonly unknown[] {
  const inner = subject as AnyAgent | AnyTeam | AnyGuarded;
  if (inner.kind === 'guarded') return inputsOf(inner, settings);
  if (inner.kind === 'team') return bodiesFor(inner.protocol, inner.accepts as string, settings);
  const types = inner.handles as readonly string[];
  if (types.length === 0) return ['Do it.'];
  return types.flatMap((type) => bodiesFor(inner.protocol!, type, settings).map((body) => ({ type, body })));
}

/** What their guards look at; what only counts on is left out. */
const keepSupervisor: Keep = (actor, clamp) => {
  const { id } = actor.type.chart.machine;
  const { context } = actor.snapshot as { context: unknown };
  if (id === 'member') return keepMember(actor);
  if (id === 'guardrail') return keepGuardrail(context as GuardrailContext);
  return id === 'router' ? keepRouter(context as RouterContext) : keepContext(actor, clamp);
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
    worse(seats),
    gatherings.map(({ seq, open }) => [seq, open]),
    [submitted, loaded, answered, turn],
    [halt?.kind ?? null, closed, due, broken],
  ];
};

/** Who does worse of late than whom: that, and no more, is what a router chooses by. */
function worse(seats: RouterContext['seats']): readonly number[] {
  const healths = seats.map(({ recent }) => healthStatuses.indexOf(healthOf(recent, recent.at(-1)?.at ?? 0)));
  return healths.map((health) => new Set(healths.filter((other) => other < health)).size);
}
