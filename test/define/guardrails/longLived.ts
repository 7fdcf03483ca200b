/** A minimal supervisor: it gives a guardrail the tasks of a test and keeps every answer, so that a guardrail can be tested over several tasks. */
import { assign, setup } from 'xstate';
import { machine, type Guardrail, type Runnable } from 'troupe';
import { agentActor } from '../../../actors/agent.ts';
import { GuardrailMessage } from '../../../src/contracts/guardrail.ts';
import type { Json } from '../../../src/values/json.ts';
import type { Work, WorkDone } from '../../../src/contracts/work.ts';
import { gateway } from '../../../src/gateway/gateway.ts';
import { compileGuardrails } from '../../../src/runtime/compile/guardrails.ts';
import { testRuntime, virtualClock } from 'troupe/testing';
import { doneClerk } from './guarded.ts';

type GivenTask = Partial<Omit<Work, 'type' | 'id' | 'message'>> & { readonly body?: Json };
export type LongLivedRun = Awaited<ReturnType<typeof longLivedRun>>;

const chartOf = (name: string, child: ReturnType<typeof compileGuardrails>['machine']) =>
  setup({
    types: {} as {
      context: { answers: readonly WorkDone[] };
      events: WorkDone | { type: 'give'; work: Json } | { type: 'pass'; event: Json } | { type: 'stop' };
    },
    actors: { [name]: child },
    actions: {
      keep: assign(({ context, event }) => ({
        answers: event.type === 'work.done' ? [...context.answers, event] : context.answers,
      })),
    },
  });

/** Starts guardrails in front of a clerk, in a run that lives until the test ends. */
export async function longLivedRun(guardrails: readonly Guardrail[], clerk = doneClerk()) {
  const clock = virtualClock();
  const door = gateway({ clock, env: {} });
  const guard = compileGuardrails(guardrails, {
    clerk: { machine: agentActor((message) => clerk.definition(message), { gateway: door }) as never, options: {} },
  });
  const base = chartOf(guard.name, guard.machine);
  const give = base.sendTo('guard', ({ event }) => (event as unknown as { work: Work }).work);
  const desk: Runnable = machine(
    base.extend({ actions: { give } }).createMachine({
      id: 'desk',
      context: { answers: [] },
      initial: 'open',
      states: {
        open: {
          invoke: { src: guard.name, id: 'guard', input: { standing: true }, onError: 'closed' } as never,
          on: { give: { actions: 'give' }, 'work.done': { actions: 'keep' }, stop: 'closed' },
        },
        closed: { type: 'final' },
      },
    }),
    { children: { [guard.name]: { ...guard.options, signals: GuardrailMessage } } },
  );
  const runtime = await testRuntime();
  const run = await runtime.start(desk, null);
  await runtime.settle();
  const contextOf = async (actor: string) => {
    const [row] = await runtime.journal.find({ actor });
    return row!;
  };
  const addressOf = (id: string) => {
    const seen = runtime.seen.find((each) => each.type === 'commit' && each.actor.startsWith(`${id}/`));
    return (seen as { actor: string }).actor;
  };
  const answers = async () =>
    ((await contextOf(run.root)).snapshot as unknown as { state: { context: { answers: WorkDone[] } } }).state.context
      .answers;
  return {
    runtime,
    run,
    addressOf,
    answers,
    [Symbol.asyncDispose]: () => runtime.close(),
    /** The state of the breaker of a guardrail, as `troupe runs get` shows it. */
    breakerStateOf: async (id: string) => /door\.([\w.]+)/.exec((await contextOf(addressOf(id))).state)![1],
    signal: (id: string, event: { type: string } & Record<string, Json>) =>
      runtime.signal(addressOf(id), event as never).then(() => runtime.settle()),
    async give(id: string, { body = 'Go.', facts = {}, attempt = 1, ...rest }: GivenTask = {}) {
      const work = { type: 'work', id, message: { type: 'task', body }, attempt, facts, ...rest };
      await runtime.signal(run.root, { type: 'give', work: work as never });
      await runtime.settle();
      return (await answers()).find((answer) => answer.id === id)?.output;
    },
  };
}
