/** The actor of a team's run: the run machine with its route and its members, by name. */
import { withDefaults } from '../src/values/json.ts';
import type { RunMessage } from '../src/contracts/run.ts';
import type { AnyStateMachine } from 'xstate';
import { defaultRunLimits, type RunSettings } from '../machines/run/settings.ts';
import { runWith } from '../machines/run/run.ts';
import type { RouteDecision, RouteInput } from '../machines/run/events.ts';
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
      return next(said.length === index + 1 ? said : said.slice(0, index + 1));
    },
    { kind: 'pure' },
  );
  const machine = runWith({ ...settings, limits, budget: settings.budget ?? {}, members: memberships });
  return withActors(machine, members).provide({ actors: { route } });
}
