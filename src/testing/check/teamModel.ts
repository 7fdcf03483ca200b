/** The model of a team: its own run machine with its own route, and members reduced to their contracts. */
import { fromPromise } from 'xstate';
import type { AgentAnswer } from '../../contracts/agent.ts';
import type { Json } from '../../values/json.ts';
import type { Protocol } from '../../contracts/protocol.ts';
import type { RunMessage } from '../../contracts/run.ts';
import type { PendingEffect } from '../../contracts/pending.ts';
import { defaultRunLimits } from '../../../machines/run/settings.ts';
import { runActionsOf } from '../../../machines/run/actions.ts';
import { compile } from '../../runtime/compile/compile.ts';
import { partsOf } from '../../define/madeFrom.ts';
import { runInput, type AnyTeam } from '../../define/runnable.ts';
import { knownJson } from '../jsonValues.ts';
import { present } from '../present.ts';
import { actorType } from '../../engine/nodePlatform.ts';
import { systemClock } from '../../engine/clock.ts';

import { projectContext, type Projection } from './abstraction.ts';
import { contextOf } from './contexts.ts';
import { bodiesFor, projectMember } from './contract.ts';
import { asksPeople, deadlineOf, memberMachine, memberWorkOf, type MemberStep, type MemberWork } from './member.ts';
import type { CheckSettings } from './options.ts';
import { failsWith, outcomeWords } from './effectOutcomes.ts';
import { projectGiven } from './machineModel.ts';
import { addLandmarks } from './numbers.ts';
import { endWords, problemOfEnd, routeWords } from './routing.ts';
import { isDeadlineTimer, type Unreached, type PossibleOutcome, type CheckModel } from './model.ts';
import type { ModelActor, ModelWorld } from './world.ts';
import type { Member } from '../../define/member.ts';
import { TroupeError } from '../../values/failure.ts';

/** The functions that a route is made of. */
const decisionsIn = (made: object): readonly unknown[] =>
  partsOf(made).flatMap((part) =>
    typeof part === 'function' ? [part, ...decisionsIn(part)] : Object.values(Object(part) as object),
  );

/** The model of a team. Throws `invalid` or `definition` for an input or samples that do not fit. */
export function teamModel(team: AnyTeam, settings: CheckSettings): CheckModel {
  const { protocol, members, options, accepts } = team;
  addLandmarks(decisionsIn(team.next), settings.numbers);
  const bodies = sampler(protocol, settings);
  return {
    name: team.name,
    numbers: settings.numbers,
    type: typeOf(team),
    inputs:
      settings.input === undefined
        ? bodies(accepts).map((body) => ({ type: accepts, body }))
        : [runInput(team, settings.input)],
    external: [
      { type: 'run.cancel', kind: 'signal', body: { reason: 'not needed' }, watched: true },
      { type: 'run.pause', kind: 'signal', body: {}, watched: true },
      { type: 'run.resume', kind: 'signal', body: {}, watched: true },
    ],
    isInterference: () => true,
    isHeld: ({ actors, root }) => actors.get(root)?.snapshot.tags.has('paused') === true,
    isDefaultTimer: ({ type: { chart } }, timer) =>
      options.deadline === undefined && chart.machine.id === 'run' && isDeadlineTimer(timer),
    outcomes: outcomesOf,
    tell: (_, effect, outcome) => (outcome.ok ? routeWords(outcome.output) : outcomeWords(effect.data.src, outcome)),
    project: projectGiven(settings, keepOf(options.maxTurns !== undefined)),
    label,
    performer: label,
    messageWords: ({ type, body }) => (type.startsWith('xstate.done.actor.member.') ? endWords(body) : undefined),
    problemOfEnd,
    unreached: ({ worlds }) => idle(team, worlds),
  };

  /** A member that works on several messages at once gets a number: the second writer is "writer 2". */
  function label({ type, spawnInfo }: ModelActor): string {
    if (spawnInfo.parent === undefined) return team.name;
    const index = Number(/\d+$/.exec(spawnInfo.id ?? '')?.[0] ?? 0);
    return index > 0 ? `${type.name} ${index + 1}` : type.name;
  }

  function outcomesOf({ type: { name } }: ModelActor, effect: PendingEffect): PossibleOutcome[] {
    const { type, asked } = memberWorkOf(effect);
    const member = present(members[name], `The member "${name}"`);
    const replies: readonly string[] = protocol.messages[type]?.replies ?? [];
    const answers = replies.flatMap((reply) =>
      bodies(reply).map((body): AgentAnswer => ({ type: reply, body: knownJson(body) })),
    );
    return [
      ...answers.map((answer): PossibleOutcome => ({
        outcome: { ok: true, output: { answer } },
        says: `answers ${answer.type}`,
      })),
      ...(asksPeople(member) && !asked
        ? [{ outcome: { ok: true, output: { asks: true } } as const, says: 'has to ask a person' }]
        : []),
      failsWith('work', new TroupeError('model', `"${name}" could not do it.`)),
    ];
  }
}

/** Never performed: its outcomes are samples. */
const sampledWork = fromPromise<MemberStep, MemberWork>(() => Promise.reject(new Error('A check asks no model.')));

/**
 * The actor type that the runtime makes, except for its members, without the default limit on turns (so that what goes on until then is
 * explored), and without its budget (members that are only contracts use none of it).
 */
function typeOf(team: AnyTeam) {
  const { maxTurns = Number.MAX_SAFE_INTEGER, budget: _, ...options } = team.options;
  const never = { answer: () => Promise.reject(new Error('A check asks no model.')) };
  const type = compile({ gateway: never, clock: systemClock(), opened: [] })({
    ...team,
    options: { ...options, maxTurns },
  });
  const members = Object.entries<Member>(team.members).map(([name, member]) => {
    const machine = memberMachine(deadlineOf(member)).provide({ actors: { work: sampledWork } });
    return [name, machine] as const;
  });
  // Every member is a contract here, so all of them are spoken to as agents.
  const alike = runActionsOf({ limits: defaultRunLimits, budget: {} });
  // The actions are typed for the run machine, and here it is any machine.
  const machine = type.chart.machine.provide({ actors: Object.fromEntries(members), actions: alike as object });
  return actorType(machine, {
    ...(type.signals ? { signals: type.signals } : {}),
    endsByDeadline: true,
    supervise: type.supervise,
  });
}

function sampler(protocol: Protocol, settings: CheckSettings): (type: string) => readonly Json[] {
  const known = new Map<string, readonly Json[]>();
  return (type) => {
    const made = known.get(type) ?? bodiesFor(protocol, type, settings);
    known.set(type, made);
    return made;
  };
}

/** A route sees the messages so far. Of these count how often each type came, and the latest body of each. */
const keepOf =
  (countsTurns: boolean): Projection =>
  (actor, outline) => {
    if (contextOf(actor, 'member')) return projectMember(actor);
    const context = contextOf(actor, 'run');
    if (!context) return projectContext(actor, outline);
    const { said, routed, turns, members, sending, outcome, failure } = context;
    // The run machine appends nothing else to this list.
    const messages = (actor.lists['messages'] ?? []) as readonly unknown[] as readonly RunMessage[];
    const heard = [...new Set(messages.map(({ type }) => type))].sort().map((type) => {
      const all = messages.filter((message) => message.type === type);
      return [type, outline.count(all.length), outline.of(all.at(-1)?.body)];
    });
    return [
      heard,
      messages.slice(routed).map(({ type }) => type),
      said - routed,
      members,
      sending?.messages.length ?? null,
      outcome?.status ?? null,
      failure?.kind ?? null,
      countsTurns ? outline.of(turns) : null,
    ];
  };

/** Members that are never given a message that they handle. */
function idle({ name, members }: AnyTeam, worlds: Iterable<ModelWorld>): Unreached[] {
  const heard = new Set<string>();
  for (const { actors } of worlds)
    for (const actor of actors.values()) heard.add(`${actor.type.name} ${contextOf(actor, 'member')?.type}`);
  return Object.entries<Member>(members).flatMap(([member, { handles }]) =>
    handles
      .filter((type) => !heard.has(`${member} ${type}`))
      .map((type) => ({
        about: `${member} ${type}`,
        says: `The route of "${name}" never sends "${type}" to "${member}", who handles it. Send it, or take it out of what "${member}" handles.`,
      })),
  );
}
