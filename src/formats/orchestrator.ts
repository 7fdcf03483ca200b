/** Makes an orchestrator of agents in JSON: what `troupe run agents.json` runs. */
import type { Guardrail } from '../../actors/guardrailDefinition.ts';
import { agent } from '../define/agent.ts';
import { slug } from '../values/ids.ts';
import type { ExecutionMode } from '../contracts/executionMode.ts';
import { guardrails } from '../define/guardrails/guardrails.ts';
import { offlineModel } from '../gateway/offlineModel.ts';
import { orchestrator } from '../define/orchestrator.ts';
import type { Orchestrator } from '../define/orchestratorDefinition.ts';
import { hardeningOf, type GuardrailData, type HardeningJson } from './hardening.ts';
import type { AgentProfile } from './profiles.ts';
import { routers } from '../define/routers.ts';

/** Settings of the orchestrator. They are JSON and stored with the run, so that a resumed run gets the same orchestrator. */
export interface ProfilesSettings {
  /** The id of the one agent that gets every task; the router chooses by default. */
  readonly target?: string;
  /** How many tasks are worked on at once; `auto` by default. */
  readonly mode?: ExecutionMode;
  /** The model of agents that name none, `provider:model`; the offline model by default. */
  readonly model?: string;
  /** A system prompt for all agents, instead of those of their profiles; none by default. */
  readonly system?: string;
  /** Limits and guardrails; `defaultHardening` by default. */
  readonly hardening?: HardeningJson;
}

/** The default limits: eight tasks at once and a thousand steps in all; five minutes for an attempt and fifty steps for a task. */
export const defaultHardening = {
  max_concurrent_tasks: 8,
  max_total_steps: 1_000,
  guardrails: { timeout: { max_timeout_ms: 300_000 }, budget: { max_task_steps: 50 } },
} satisfies HardeningJson;

/** The orchestrator. A target gets every task; without one, agents take turns. Throws `definition`. */
export function orchestratorOfProfiles(
  name: string,
  profiles: readonly AgentProfile[],
  settings: ProfilesSettings,
): Orchestrator {
  const { target, mode = 'auto', system, hardening = defaultHardening } = settings;
  const { budget, retry, guardrails: guardrailData } = hardeningOf(hardening);
  const defaultModel = settings.model ?? offlineModel();
  return orchestrator({
    name,
    members: profiles.map(({ id, role, instructions, maxSteps, model = defaultModel, temperature }) => ({
      id: slug(id),
      role,
      ...(maxSteps === undefined ? {} : { maxSteps }),
      agent: agent({
        name: id,
        instructions: system ?? instructions,
        model,
        // Its own limit may be above the default of agents.
        ...(maxSteps === undefined ? {} : { budget: { steps: maxSteps } }),
        ...(temperature === undefined ? {} : { temperature }),
      }),
    })),
    router:
      target !== undefined ? routers.direct() : profiles.length > 1 ? routers.roundRobin() : routers.firstAvailable(),
    mode,
    budget,
    retry,
    guardrails: guardrailsOf(guardrailData),
  });
}

/** The guardrails of the command line, in front of the members. */
const guardrailsOf = (list: readonly GuardrailData[]): Guardrail[] =>
  list.map((each) => {
    switch (each.kind) {
      case 'timeout': {
        const { max, requireExplicit } = each;
        return guardrails.timeout({ requireExplicit, ...(max === undefined ? {} : { max }) });
      }
      case 'budget': {
        const { maxTaskSteps, requireExplicit, allowExhausted } = each;
        return guardrails.budget({
          requireExplicit,
          allowExhausted,
          // Without a maximum it only requires that the task has one.
          steps: maxTaskSteps ?? Number.MAX_SAFE_INTEGER,
        });
      }
      case 'rateLimit':
        return guardrails.rateLimit({ tasks: each.max, per: each.window });
      case 'cancellation':
        return guardrails.cancellation();
    }
  });

/**
 * The limits of a task from the command line, where a task can name none. What guardrails require of a task is named for it: the time of an attempt in
 * milliseconds, and its steps. What an agent may take by its own profile holds beside them.
 */
export function taskLimits(hardening: HardeningJson = defaultHardening): { timeout?: number; budgetSteps?: number } {
  const { guardrails } = hardeningOf(hardening);
  const time = guardrails.find((each) => each.kind === 'timeout');
  const budget = guardrails.find((each) => each.kind === 'budget');
  const { timeout, budget: steps } = defaultHardening.guardrails;
  return {
    ...(time ? { timeout: time.max ?? timeout.max_timeout_ms } : {}),
    ...(budget?.requireExplicit ? { budgetSteps: budget.maxTaskSteps ?? steps.max_task_steps } : {}),
  };
}
