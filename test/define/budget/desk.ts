/** A desk whose members think as often as they are told to, each time for the same price; and what somebody who pays may look at. */
import {
  agent,
  all,
  guarded,
  guardrails,
  orchestrator,
  protocol,
  team,
  tool,
  type AgentOptions,
  type Budget,
  type Guarded,
} from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';
import type { Model } from '../../../src/contracts/model.ts';

export const Desk = protocol({
  order: { body: z.object({ ada: z.number(), bob: z.number() }) },
  think: { body: z.object({ thoughts: z.number() }), replies: ['thought'] },
  thought: { body: z.object({ after: z.number() }) },
  result: { body: z.object({ thoughts: z.number() }) },
});

const ponder = tool({
  name: 'ponder',
  description: 'Thinks about it once more.',
  input: z.object({ n: z.number() }),
  output: z.null(),
  run: () => null,
});

/** Thinks until it has done so as often as its task says. Of one answer: 15 tokens, and a cent unless told otherwise. */
export const thinker = (usd: number | null = 0.01, id = 'scripted:model'): Model =>
  scriptedModel(
    ({ messages }) => {
      const [task] = messages;
      const wanted = Number(/"thoughts": (\d+)/.exec(task?.role === 'user' ? task.text : '')?.[1] ?? 1);
      const done = messages.filter(({ role }) => role === 'assistant').length;
      const usage = { inputTokens: 10, outputTokens: 5, usd };
      return done + 1 < wanted
        ? { calls: [{ name: 'ponder', input: { n: done } }], usage }
        : { calls: [{ name: 'answer_thought', input: { after: done + 1 } }], usage };
    },
    { id },
  );

type Extras = Partial<
  Pick<AgentOptions<Record<never, never>, never>, 'model' | 'fallbacks' | 'budget' | 'onExhausted' | 'limits'>
>;
export type Thinker = ReturnType<typeof member>;
const member = (name: string, extras: Extras = {}) =>
  agent({ name, protocol: Desk, handles: ['think'], tools: [ponder], model: thinker(), ...extras });

/** Whoever takes `think` and answers with `thought`. */
type Pool = Thinker | Guarded<Thinker> | ReturnType<typeof poolOf>;
const poolOf = (who: Thinker | Guarded<Thinker>, more: object = {}) =>
  orchestrator({ name: 'pool', members: [who], ...more });
const rails = [guardrails.budget({ steps: 12 }), guardrails.timeout({ max: '1h' })];
/** Ways to stand between a team and those who spend its money. */
export const supervisors: Readonly<Record<string, (who: Thinker) => Pool>> = {
  'an orchestrator': (who) => poolOf(who),
  guardrails: (who) => guarded(who, rails),
  'an orchestrator of guarded members': (who) => poolOf(guarded(who, rails)),
  'an orchestrator behind guardrails': (who) => poolOf(who, { guardrails: rails }),
};

/** Ada and Bob think side by side; who is given nothing to think about is not asked. `behind`: what stands in front of each. */
export const desk = (
  budget: Budget,
  options: {
    onExhausted?: 'fail' | 'ask' | 'degrade';
    ada?: Extras;
    bob?: Extras;
    behind?: (who: Thinker) => Pool;
  } = {},
) => {
  const { ada, bob, behind = (who) => who, ...more } = options;
  return team({
    name: 'desk',
    protocol: Desk,
    members: { ada: behind(member('ada', ada)), bob: behind(member('bob', bob)) },
    accepts: 'order',
    returns: 'result',
    budget,
    ...more,
    route: {
      order: ({ body }, { to }) => {
        const both = [
          ...(body.ada > 0 ? [to('ada', 'think', { thoughts: body.ada })] : []),
          ...(body.bob > 0 ? [to('bob', 'think', { thoughts: body.bob })] : []),
        ];
        return all(...both);
      },
      thought: (_, { finish, last, count }) => {
        const { ada: a, bob: b } = last('order');
        const awaited = (a > 0 ? 1 : 0) + (b > 0 ? 1 : 0);
        return count('thought') < awaited ? all() : finish({ thoughts: a + b });
      },
    },
  });
};
