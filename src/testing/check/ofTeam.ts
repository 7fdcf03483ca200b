/** A team: its own run machine with its own route, and members that keep their contracts and no more. */
import { fromPromise } from 'xstate';
import type { AgentAnswer } from '../../contracts/agent.ts';
import type { Json } from '../../contracts/json.ts';
import type { Protocol } from '../../contracts/protocol.ts';
import type { RunMessage } from '../../contracts/run.ts';
import type { Pending } from '../../journal/journal.ts';
import { defaultRunLimits } from '../../../machines/run/limits.ts';
import { runActionsOf } from '../../../machines/run/actions.ts';
import type { Routed } from '../../../machines/run/events.ts';
import type { RunContext } from '../../../machines/run/context.ts';
import { compile } from '../../compile.ts';
import { inputOf, type AnyAgent, type AnyTeam } from '../../subject.ts';
import { actorType } from '../../system/actorType.ts';
import { systemClock } from '../../system/clock.ts';
import type { EffectData, TimerData } from '../../system/pendings.ts';
import { keepContext, outline, type Keep } from './abstraction.ts';
import { bodiesFor, keepMember } from './contract.ts';
import { asksPeople, memberMachine, type Deed, type Working } from './member.ts';
import type { Settings } from './options.ts';
import { fails, told } from './outcomes.ts';
import { keepGiven } from './ofMachine.ts';
import { endWords, judge, routeWords } from './routing.ts';
import type { Missed, Possible, Stage } from './stage.ts';
import type { Actor, World } from './world.ts';
import type { Member } from '../../member.ts';
import { TroupeError } from '../../contracts/failure.ts';

export function ofTeam(team: AnyTeam, settings: Settings): Stage {
  const { protocol, members, options, accepts } = team;
  const bodies = sampler(protocol, settings);
  return {
    name: team.name,
    type: typeOf(team),
    inputs:
      settings.input === undefined
        ? bodies(accepts).map((body) => ({ type: accepts, body }))
        : [inputOf(team, settings.input)],
    outside: [
      { type: 'run.cancel', kind: 'signal', body: { reason: 'not needed' }, watched: true },
      { type: 'run.pause', kind: 'signal', body: {}, watched: true },
      { type: 'run.resume', kind: 'signal', body: {}, watched: true },
    ],
    steers: () => true,
    isHeld: ({ actors, root }) => actors.get(root)?.snapshot.tags.has('paused') === true,
    isNet: ({ type: { chart } }, { data }) =>
      options.deadline === undefined &&
      chart.machine.id === 'run' &&
      (data as unknown as TimerData).event.type.startsWith('xstate.after.deadline.'),
    outcomes: (actor, effect) => deedsOf(actor, effect),
    tell: (_, effect, outcome) =>
      outcome.ok
        ? routeWords(outcome.output as unknown as Routed)
        : told((effect.data as unknown as EffectData).src, outcome),
    keep: keepGiven(settings, keepOf(options.maxTurns !== undefined)),
    label,
    performer: label,
    read: ({ type, body }) => (type.startsWith('xstate.done.actor.member.') ? endWords(body as never) : undefined),
    judge,
    missed: ({ worlds }) => idle(team, worlds),
  };

  /** A second writer at work is "writer 2". */
  function label({ type, birth }: Actor): string {
    if (birth.parent === undefined) return team.name;
    const place = Number(/\d+$/.exec(birth.id ?? '')?.[0] ?? 0);
    return place > 0 ? `${type.name} ${place + 1}` : type.name;
  }

  function deedsOf({ type: { name } }: Actor, { data }: Pending): Possible[] {
    const { type, asked } = (data as unknown as EffectData).input as unknown as Working;
    const member = members[name]!;
    const replies: readonly string[] = protocol.messages[type]?.replies ?? [];
    const answers = replies.flatMap((reply) =>
      bodies(reply).map((body): AgentAnswer => ({ type: reply, body: body as never })),
    );
    return [
      ...answers.map((answer): Possible => ({
        outcome: { ok: true, output: { answer } as Json },
        says: `answers ${answer.type}`,
      })),
      ...(asksPeople(member) && !asked
        ? [{ outcome: { ok: true, output: { asks: true } } as const, says: 'has to ask a person' }]
        : []),
      fails('work', new TroupeError('model', `"${name}" could not do it.`)),
    ];
  }
}

type Members = Readonly<Record<string, Member>>;

/** Never performed: its outcomes are samples. */
const sampledWork = fromPromise<Deed, Working>(() => Promise.reject(new Error('A check asks no model.')));

/**
 * As the runtime makes it, but for its members, without the bound on turns that nobody set (what goes on until then is to be seen),
 * and without its budget: members that are only a contract use nothing up.
 */
function typeOf(team: AnyTeam) {
  const { maxTurns = Number.MAX_SAFE_INTEGER, budget: _, ...options } = team.options;
  const never = { answer: () => Promise.reject(new Error('A check asks no model.')) };
  const surroundings = { gateway: never, clock: systemClock(), opened: [] };
  const type = compile(surroundings)({ ...team, options: { ...options, maxTurns } });
  const members = Object.entries(team.members as Members).map(([name, agent]) => {
    return [
      name,
      memberMachine(agent as Member & Partial<Pick<AnyAgent, 'deadline'>>).provide({ actors: { work: sampledWork } }),
    ] as const;
  });
  // Whatever they are, here they are spoken to as agents are: that is what all of them promise.
  const alike = runActionsOf({ limits: defaultRunLimits, budget: {} });
  const machine = type.chart.machine.provide({ actors: Object.fromEntries(members), actions: alike as object });
  return actorType(machine, {
    ...(type.signals ? { signals: type.signals } : {}),
    endsByDeadline: true,
    supervise: type.supervise,
  });
}

function sampler(protocol: Protocol, settings: Settings): (type: string) => readonly Json[] {
  const known = new Map<string, readonly Json[]>();
  return (type) => {
    const made = known.get(type) ?? bodiesFor(protocol, type, settings);
    known.set(type, made);
    return made;
  };
}

/** What a route can see is what was said. Of that counts who was heard how often, and what was said last. */
const keepOf =
  (countsTurns: boolean): Keep =>
  (actor, clamp) => {
    const { id } = actor.type.chart.machine;
    const { context } = actor.snapshot as { context: unknown };
    if (id === 'member') return keepMember(actor);
    if (id !== 'run') return keepContext(actor, clamp);
    const { said, routed, turns, members, sending, outcome, failure } = context as RunContext;
    const messages = (actor.lists['messages'] ?? []) as unknown as readonly RunMessage[];
    const heard = [...new Set(messages.map(({ type }) => type))].sort().map((type) => {
      const all = messages.filter((message) => message.type === type);
      return [type, outline(all.length, clamp), outline(all.at(-1)!.body, clamp)];
    });
    return [
      heard,
      messages.slice(routed).map(({ type }) => type),
      said - routed,
      members,
      sending?.messages.length ?? null,
      outcome?.status ?? null,
      failure?.kind ?? null,
      countsTurns ? outline(turns, clamp) : null,
    ];
  };

/** Who is never spoken to, or not with what it is there for. */
function idle({ name, members }: AnyTeam, worlds: Iterable<World>): Missed[] {
  const heard = new Set<string>();
  for (const { actors } of worlds)
    for (const { type, snapshot } of actors.values())
      heard.add(`${type.name} ${(snapshot.context as { type?: string }).type}`);
  return Object.entries(members).flatMap(([member, { handles }]) =>
    (handles as readonly string[])
      .filter((type) => !heard.has(`${member} ${type}`))
      .map((type) => ({
        about: `${member} ${type}`,
        says: `The route of "${name}" never sends "${type}" to "${member}", who handles it. Send it, or take it out of what "${member}" handles.`,
      })),
  );
}
