/** A team for tests of budgets: its members make as many model calls as their task says, each for the same price. */
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

export const WorkProtocol = protocol({
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

/** Answers after as many calls as its task says. Each call uses 15 tokens and `usd`, a cent by default. */
export const thinkingModel = (usd: number | null = 0.01, id = 'scripted:model'): Model =>
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
export type ThinkingAgent = ReturnType<typeof member>;
const member = (name: string, extras: Extras = {}) =>
  agent({ name, protocol: WorkProtocol, handles: ['think'], tools: [ponder], model: thinkingModel(), ...extras });

/** Any member that handles `think` and answers with `thought`. */
type Supervised = ThinkingAgent | Guarded<ThinkingAgent> | ReturnType<typeof orchestratorOf>;
const orchestratorOf = (supervised: ThinkingAgent | Guarded<ThinkingAgent>, more: object = {}) =>
  orchestrator({ name: 'pool', members: [supervised], ...more });
const memberGuardrails = [guardrails.budget({ steps: 12 }), guardrails.timeout({ max: '1h' })];
/** Supervisors between a team and the agents that use its budget. */
export const supervisors: Readonly<Record<string, (supervised: ThinkingAgent) => Supervised>> = {
  'an orchestrator': (supervised) => orchestratorOf(supervised),
  guardrails: (supervised) => guarded(supervised, memberGuardrails),
  'an orchestrator of guarded members': (supervised) => orchestratorOf(guarded(supervised, memberGuardrails)),
  'an orchestrator behind guardrails': (supervised) => orchestratorOf(supervised, { guardrails: memberGuardrails }),
};

/** Ada and Bob work concurrently; a member without thoughts gets no message. `supervisedBy` puts a supervisor in front of each. */
export const budgetTeam = (
  budget: Budget,
  options: {
    onExhausted?: 'fail' | 'ask' | 'degrade';
    ada?: Extras;
    bob?: Extras;
    supervisedBy?: (supervised: ThinkingAgent) => Supervised;
  } = {},
) => {
  const { ada, bob, supervisedBy = (supervised) => supervised, ...more } = options;
  return team({
    name: 'desk',
    protocol: WorkProtocol,
    members: { ada: supervisedBy(member('ada', ada)), bob: supervisedBy(member('bob', bob)) },
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
