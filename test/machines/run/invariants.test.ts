/** What holds for every run of a team, for any events in any order. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyEventObject } from 'xstate';
import type { AgentOutput, AgentUsage, Budget } from '../../../src/contracts/agent.ts';
import type { RunContext } from '../../../machines/run/context.ts';
import { defaultRunLimits, type RunSettings } from '../../../machines/run/settings.ts';
import { imbalance } from '../../../src/testing/simulate/ledgerBalance.ts';
import { playNext } from '../../../src/testing/play.ts';
import { runSchedule, teamOf, type Ending, type RunSchedule } from './schedule.ts';
import { dose } from '../../dose.ts';

const anyBudget = fc.record(
  {
    steps: fc.constantFrom(1, 4, 20),
    tokens: fc.constantFrom(30, 400),
    usd: fc.constantFrom(0.005, 0.1),
    toolCalls: fc.constantFrom(0, 5, 50),
  },
  { requiredKeys: [] },
);
const anySettings = fc.record({
  limits: fc.record({ maxTurns: fc.constantFrom(1, 3, 50) }).map((limits) => ({ ...defaultRunLimits, ...limits })),
  budget: anyBudget,
});
const anyChoices = fc.array(fc.nat({ max: 10_000 }), { maxLength: 60 });
const seed = Number(process.env.SEED ?? 20_261_121);

/** The seed is in the message of a failure; SEED=… repeats it. */
function holds(check: (run: RunSchedule, settings: RunSettings, budget: Budget | undefined) => void, ending?: Ending) {
  fc.assert(
    fc.property(anySettings, fc.option(anyBudget, { nil: undefined }), anyChoices, (settings, budget, choices) => {
      check(runSchedule(settings, budget, choices, ending), settings, budget);
    }),
    { seed, numRuns: dose(60, 600) },
  );
}

type Step = RunSchedule['steps'][number];
const contextOf = (snapshot: Step['after']) => snapshot.context as RunContext;
const spawned = ({ actions }: Step) =>
  actions
    .filter(({ type }) => type === 'xstate.spawnChild')
    .map(({ params }) => params as { src: string; input: { allowance?: Budget } });
const started = (step: Step) => spawned(step).filter(({ src }) => src !== 'route' && src !== 'treasurer');
const isPaused = ({ value }: Step['after']) => (value as { active?: { control: string } }).active?.control === 'paused';
/** The run is stopping, or has ended. */
const isOver = ({ status, value }: Step['after']) => status === 'done' || JSON.stringify(value).includes('"stopping"');
const outcomeOf = (snapshot: Step['after']) => {
  const { outcome, failure, member } = contextOf(snapshot);
  return { outcome, failure, member };
};
const recipientsOf = ({ actions }: Step, type: string) =>
  actions
    .filter((action) => action.type === 'xstate.sendTo')
    .map(({ params }) => params as { targetId: string; event: AnyEventObject })
    .filter(({ event }) => event.type === type)
    .map(({ targetId }) => targetId);
const workingMembers = (snapshot: Step['after']) =>
  contextOf(snapshot).members.flatMap((name, place) => (name === null ? [] : [`member.${place}`]));

const sums: Record<keyof Budget, (usage: AgentUsage) => number> = {
  steps: ({ steps }) => steps,
  tokens: ({ inputTokens, outputTokens }) => inputTokens + outputTokens,
  usd: ({ usd }) => usd ?? 0,
  toolCalls: ({ toolCalls }) => toolCalls,
};
const kinds = Object.keys(sums) as (keyof Budget)[];
/** What an ended member used beyond its grant: one call at most. */
function usedBeyondGrant({ event, before }: Step, kind: keyof Budget): number {
  const place = /^xstate\.done\.actor\.member\.(\d+)$/.exec(event.type)?.[1];
  const granted = place === undefined ? undefined : contextOf(before).granted[Number(place)]?.[kind];
  if (granted === undefined) return 0;
  return Math.max(0, sums[kind]((event.output as AgentOutput).usage) - granted);
}

describe('for any schedule of a team,', () => {
  test('what its members may still use plus what was used stays within the budget', () =>
    holds(({ steps }, settings, budget) => {
      for (const kind of kinds) {
        const limit = Math.min(settings.budget[kind] ?? Infinity, budget?.[kind] ?? Infinity);
        if (limit === Infinity) continue;
        let over = 0;
        for (const step of steps) {
          over += usedBeyondGrant(step, kind);
          const { used, granted } = contextOf(step.after);
          const given = granted.reduce((sum, grant) => sum + (grant?.[kind] ?? 0), 0);
          expect(sums[kind](used) + given).toBeLessThanOrEqual(limit + over + 1e-9);
          // Without tool calls a member can still answer, and tokens and money it may ask for before its first call; without steps it cannot start.
          if (kind === 'steps')
            for (const { input } of started(step)) expect(input.allowance![kind]).toBeGreaterThan(0);
        }
      }
    }));

  test('the ledger of its treasurer balances: used, leased and free make up the budget', () =>
    holds(({ steps }) => {
      for (const { ledger } of steps) if (ledger) expect(imbalance(ledger)).toEqual({});
    }));

  test('no member is started and no message is routed while it is paused, and no member is started while it is stopping', () =>
    holds(({ steps }) => {
      for (const step of steps) {
        if (isPaused(step.after)) expect(spawned(step)).toEqual([]);
        if (isOver(step.after)) expect(spawned(step)).toEqual([]);
      }
    }));

  test('every started member ends or is stopped, and each working member gets one cancel', () =>
    holds(({ steps, unended }) => {
      expect(unended).toEqual([]);
      for (const step of steps) {
        const isEnding = isOver(step.after) && !isOver(step.before);
        expect(recipientsOf(step, 'agent.cancel')).toEqual(isEnding ? workingMembers(step.after) : []);
      }
    }, 'cancelled'));

  test('the outcome is final once decided, and after the end nothing changes', () =>
    holds(({ played, steps }, settings) => {
      for (const { before, after } of steps) if (isOver(before)) expect(outcomeOf(after)).toEqual(outcomeOf(before));
      const machine = teamOf(settings);
      // The end of an effect that is no longer pending is not delivered (E3); all other events must change nothing.
      const events = steps.map(({ event }) => event).filter(({ type }) => !type.startsWith('xstate.error.'));
      const late = events.slice(-8).reduce((state, event) => playNext(machine, state, event), played);
      expect(late.snapshot.output).toEqual(played.snapshot.output);
      expect(late.actions).toHaveLength(played.actions.length);
    }));

  test('there are no more turns than the limit allows, and each starts one member', () =>
    holds(({ steps }, { limits }) => {
      let startedCount = 0;
      for (const step of steps) {
        startedCount += started(step).length;
        expect(contextOf(step.after).turns).toBe(startedCount);
        expect(startedCount).toBeLessThanOrEqual(limits.maxTurns);
      }
    }));

  test('every run can end: by completing, or by a cancel, whether its members react or not', () => {
    holds(({ played, unended }) => expect([played.snapshot.status, unended]).toEqual(['done', []]));
    holds(({ played, unended }) => expect([played.snapshot.status, unended]).toEqual(['done', []]), 'cancelled');
  });
});
