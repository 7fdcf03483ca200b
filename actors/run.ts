/** A team's run ready for the engine: the run machine with its route and its members, by name. */
import { withDefaults } from '../src/contracts/json.ts';
import type { RunMessage } from '../src/contracts/run.ts';
import type { AnyStateMachine } from 'xstate';
import { defaultRunLimits, type RunSettings } from '../machines/run/limits.ts';
import { runWith } from '../machines/run/run.ts';
import type { Routed, Routing } from '../machines/run/vocabulary.ts';
import { effect } from './effect.ts';

export interface TeamActor {
  /** Who speaks next, after the messages that arrived so far; the last one is the one to route. */
  next(said: readonly RunMessage[]): Routed | Promise<Routed>;
  /** The actors of its members, such as `agentActor(…)`. */
  readonly members: Readonly<Record<string, AnyStateMachine>>;
  /** What the members are; who is not named is an agent. */
  readonly memberships?: RunSettings['members'];
  readonly settings?: Partial<Omit<RunSettings, 'limits'>> & { readonly limits?: Partial<RunSettings['limits']> };
}

export function runActor({ next, members, settings = {}, memberships = {} }: TeamActor): ReturnType<typeof runWith> {
  const limits = withDefaults(defaultRunLimits, settings.limits);
  const route = effect<Routed, Routing>(
    async ({ index }, scope) => {
      const said = (await scope.list('messages')) as unknown as readonly RunMessage[];
      return next(said.length === index + 1 ? said : said.slice(0, index + 1));
    },
    { kind: 'pure' },
  );
  // The chart starts members by name and does not know them; the engine finds them here.
  return runWith({ ...settings, limits, budget: settings.budget ?? {}, members: memberships }).provide({
    actors: { ...members, route } as { route: typeof route },
  });
}
