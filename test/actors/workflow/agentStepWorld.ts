/** An agent step on the real engine: a gateway with given answers, and tool servers that are functions. */
import type { ModelAnswer, ModelChoice, ModelRequest } from '../../../src/contracts/model.ts';
import type { AgentTask, AgentTaskServer, StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import type { StepEnd } from '../../../src/contracts/workflow/step.ts';
import { fromFailure, TroupeError, type Failure } from '../../../src/values/failure.ts';
import type { Json, JsonObject } from '../../../src/values/json.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import { machine } from '../../../src/runtime/machine.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { testRuntime } from '../../../src/testing/testRuntime.ts';
import { localTools } from '../../../src/tools/local.ts';
import type { Tool } from '../../../src/tools/tool.ts';
import { agentStepActor } from '../../../actors/workflow/agentStep.ts';
import type { AgentStepDeps, ServerCredentials } from '../../../actors/workflow/agentStep/deps.ts';
import { answer } from '../fixtures.ts';

/** What the model says: a text, calls of tools, a whole answer, or a failure. */
export type Reply = string | ModelAnswer | Failure | ((request: ModelRequest) => ModelAnswer);

export const calling = (...calls: readonly (readonly [name: string, input?: Json])[]): ModelAnswer =>
  answer('', ...calls.map(([name, input = {}], index) => ({ id: `c${index}`, name, input: input as never })));

/** Gives one reply after the other, the last one again and again, and records the requests. */
export function scriptedGateway(...replies: Reply[]) {
  const asked: { group: ModelChoice; request: ModelRequest }[] = [];
  return {
    asked,
    estimate: undefined as AgentStepDeps['gateway']['estimate'],
    async answer(group: ModelChoice, request: ModelRequest): Promise<ModelAnswer> {
      asked.push({ group, request });
      const reply = replies[Math.min(asked.length, replies.length) - 1] ?? '';
      if (typeof reply === 'string') return answer(reply);
      if (typeof reply === 'function') return reply(request);
      if ('kind' in reply) throw fromFailure(reply);
      return reply;
    },
  };
}

await loadLanguage();

export const schema: JsonObject = { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } };

export const server = (change: Partial<AgentTaskServer> = {}): AgentTaskServer => ({
  name: 'files',
  address: { url: 'http://files' },
  allow: ['*'],
  approvals: [],
  ...change,
});

export const task = (change: Partial<AgentTask> = {}, sealed: StoredAgentTask['sealed'] = []): StoredAgentTask => ({
  value: {
    step: 's',
    agent: 'reader',
    system: 'You read.',
    user: 'Read it.',
    maxTurns: 3,
    model: { group: 'standard', maxTokens: 1024 },
    servers: [],
    output: schema,
    ...change,
  },
  sealed,
});

interface World {
  readonly gateway: ReturnType<typeof scriptedGateway>;
  /** The tools of each server, by its name; a failure instead is what listing them gives. */
  readonly servers?: Readonly<Record<string, readonly Tool[] | Failure>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

export function stepDeps({ gateway, servers = {}, secrets = {} }: World) {
  const opened: { server: AgentTaskServer; credentials: ServerCredentials }[] = [];
  const deps: AgentStepDeps = {
    gateway: {
      answer: (choice, request) => gateway.answer(choice, request),
      ...(gateway.estimate ? { estimate: gateway.estimate } : {}),
    },
    secrets: { secret: (name) => secrets[name] },
    servers: {
      tools(one, credentials) {
        opened.push({ server: one, credentials });
        const tools = servers[one.name] ?? [];
        if ('kind' in tools) throw fromFailure(tools as Failure);
        return localTools(tools as readonly Tool[]);
      },
    },
  };
  return { deps, opened };
}

/** Starts a step, and gives what a test needs to look at it. */
export async function startStep(stored: StoredAgentTask, world: World) {
  const journal = memory();
  const runtime = await testRuntime({ journal });
  const { deps, opened } = stepDeps(world);
  const handle = await runtime.start(machine(agentStepActor(deps)), stored as never, { key: 'k' });
  return {
    runtime,
    journal,
    opened,
    /** How it ended; it must not wait for a person. */
    async end(): Promise<StepEnd> {
      const outcome = await handle.outcome();
      if (outcome.status !== 'done') throw new TroupeError('internal', JSON.stringify(outcome));
      return outcome.output as StepEnd;
    },
    /** The one ticket that is open now. */
    async ticket() {
      const outcome = await handle.outcome({ returnWhenWaiting: true });
      if (outcome.status !== 'waiting') throw new TroupeError('internal', JSON.stringify(outcome));
      return outcome.tickets;
    },
    [Symbol.asyncDispose]: () => runtime.close(),
  };
}

/** Performs a step to its end. */
export async function runStep(stored: StoredAgentTask, world: World): Promise<StepEnd> {
  await using step = await startStep(stored, world);
  return await step.end();
}
