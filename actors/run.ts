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
      const decide = async (at: number) => {
        const heard = said.length === at + 1 ? said : said.slice(0, at + 1);
        return withParts(await next(heard), heard);
      };
      const first = await decide(index);
      return 'finish' in first ? first : withFurther(first, index + 1, said.length, decide);
    },
    { kind: 'pure' },
  );
  const machine = runWith({ ...settings, limits, budget: settings.budget ?? {}, members: memberships });
  return withActors(machine, { ...members, route });
}

/** How many messages are routed at once. */
const mostAtOnce = 32;

/** Answers that arrived meanwhile are routed as well, one after the other (R1), so that a crowd of members costs few commits. What ends the run, or breaks, is for the next time. */
async function withFurther(
  first: Extract<RouteDecision, { send: unknown }>,
  from: number,
  end: number,
  decide: (at: number) => Promise<RouteDecision>,
): Promise<RouteDecision> {
  const more: (typeof first.send)[] = [];
  for (let at = from; at < end && more.length + 1 < mostAtOnce; at++) {
    try {
      const decision = await decide(at);
      if ('finish' in decision) break;
      more.push(decision.send);
    } catch {
      break; // It is routed by itself, and fails the run then.
    }
  }
  return more.length === 0 ? first : { ...first, more };
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
