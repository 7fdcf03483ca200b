/** The actor of a team's run: the run machine with its route and its members, by name. */
import { withDefaults } from '../src/values/json.ts';
import type { RunMessage } from '../src/contracts/run.ts';
import type { AnyStateMachine } from 'xstate';
import { defaultRunLimits, type RunSettings } from '../machines/run/settings.ts';
import { runWith } from '../machines/run/run.ts';
import type { RouteDecision, RouteInput } from '../machines/run/events.ts';
import { distinctParts, partsIn } from '../src/contracts/parts.ts';
import { effect } from './effect.ts';
import { entriesOf } from './lists.ts';
import { withActors } from './withActors.ts';

export interface TeamActor {
  /** Decides what follows after the messages so far; the last one is the one to route. */
  next(said: readonly RunMessage[]): RouteDecision | Promise<RouteDecision>;
  /** The actors of its members by name, such as `agentActor(…)`. */
  readonly members: Readonly<Record<string, AnyStateMachine>>;
  /** What the members are, by name; one that is not named is an agent. */
  readonly memberships?: RunSettings['members'];
  /** The bounds of the run; what is not given is as by default. */
  readonly settings?: Partial<Omit<RunSettings, 'limits'>> & { readonly limits?: Partial<RunSettings['limits']> };
}

export function runActor({ next, members, settings = {}, memberships = {} }: TeamActor): ReturnType<typeof runWith> {
  const limits = withDefaults(defaultRunLimits, settings.limits);
  const route = effect<RouteDecision, RouteInput>(
    async ({ index }, scope) => {
      const said = await entriesOf<RunMessage>(scope, 'messages');
      const heard = said.length === index + 1 ? said : said.slice(0, index + 1);
      return withParts(await next(heard), heard);
    },
    { kind: 'pure' },
  );
  const machine = runWith({ ...settings, limits, budget: settings.budget ?? {}, members: memberships });
  return withActors(machine, members).provide({ actors: { route } });
}

/**
 * A message to a member has the parts of the task and those of the message that is routed, a result has those of the message that it ends with;
 * unless the route says which parts they have. Parts are references: nothing is copied.
 */
function withParts(decision: RouteDecision, said: readonly RunMessage[]): RouteDecision {
  const [task, latest] = [said[0], said.at(-1)];
  if ('finish' in decision) {
    const { parts = said.length > 1 ? latest?.parts : undefined, ...result } = decision;
    return { ...result, ...partsIn(parts) };
  }
  const usual = distinctParts(task?.parts, latest?.parts);
  if (usual.length === 0 && decision.send.every(({ parts }) => parts === undefined)) return decision;
  return { send: decision.send.map(({ parts = usual, ...message }) => ({ ...message, ...partsIn(parts) })) };
}
