/** An orchestrator made of profiles: what `troupe run agents.json` runs. */
import type { Guardrail } from '../actors/guardrail.ts';
import { agent } from './agent.ts';
import { slug } from './contracts/ids.ts';
import type { ExecutionMode } from './contracts/task.ts';
import { guardrails } from './guardrails.ts';
import { offlineModel } from './gateway/offlineModel.ts';
import { orchestrator, type Orchestrator } from './orchestrator.ts';
import { hardeningOf, type GuardrailData, type HardeningJson } from './orchestrate/hardening.ts';
import type { Profile } from './orchestrate/profiles.ts';
import { routers } from './routers.ts';

/** Plain JSON: a run that is gone on with is made of the same again. */
export interface ProfiledSettings {
  /** The one agent that has every task. */
  readonly target?: string;
  readonly mode?: ExecutionMode;
  /** For agents that name none themselves: `provider:model`; the offline model without it. */
  readonly model?: string;
  /** Instead of what the profiles say. */
  readonly system?: string;
  readonly hardening?: HardeningJson;
}

/** Eight tasks at once and a thousand steps in all; five minutes for an attempt and fifty steps for a task. */
export const usualHardening = {
  max_concurrent_tasks: 8,
  max_total_steps: 1_000,
  guardrails: { timeout: { max_timeout_ms: 300_000 }, budget: { max_task_steps: 50 } },
} satisfies HardeningJson;

/** A target has every task; several take turns; the only one has what comes. Throws `definition`. */
export function profiled(name: string, profiles: readonly Profile[], settings: ProfiledSettings): Orchestrator {
  const { target, mode = 'auto', system, hardening = usualHardening } = settings;
  const { budget, retry, guardrails: held } = hardeningOf(hardening);
  const usual = settings.model ?? offlineModel();
  return orchestrator({
    name,
    members: profiles.map(({ id, role, instructions, maxSteps, model = usual, temperature }) => ({
      id: slug(id),
      role,
      ...(maxSteps === undefined ? {} : { maxSteps }),
      agent: agent({
        name: id,
        instructions: system ?? instructions,
        model,
        ...(temperature === undefined ? {} : { temperature }),
      }),
    })),
    router:
      target !== undefined ? routers.direct() : profiles.length > 1 ? routers.roundRobin() : routers.firstAvailable(),
    mode,
    budget,
    retry,
    guardrails: guardrailsOf(held),
  });
}

/** As the command line knows them, as actors in front of the members. */
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
          // Without a maximum of its own it only wants to be told one.
          steps: maxTaskSteps ?? Number.MAX_SAFE_INTEGER,
        });
      }
      case 'rateLimit':
        return guardrails.rateLimit({ tasks: each.max, per: each.window });
      case 'cancellation':
        return guardrails.cancellation();
    }
  });

/** What the guardrails of a task come to where the task says nothing: an attempt's time and steps. */
export function boundsOf(hardening: HardeningJson = usualHardening): { timeout?: number; maxSteps?: number } {
  const { guardrails } = hardeningOf(hardening);
  const timeout = guardrails.find((each) => each.kind === 'timeout')?.max;
  const maxSteps = guardrails.find((each) => each.kind === 'budget')?.maxTaskSteps;
  return { ...(timeout === undefined ? {} : { timeout }), ...(maxSteps === undefined ? {} : { maxSteps }) };
}
