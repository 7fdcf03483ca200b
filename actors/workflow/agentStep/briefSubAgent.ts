/** The task of a sub-agent, made when it is called: its parameters are what the model gave. */
import type { StoredAgentTask } from '../../../src/contracts/workflow/agentTask.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import type { SubAgentBriefing } from '../../../machines/workflow/agentStep/effectTypes.ts';
import { effect } from '../../effect.ts';
import { subAgentTask } from '../subAgentTask.ts';
import { keptTask } from './keptTask.ts';

/** Fills `brief`. Rejects with `invalid` when the arguments do not fit. A retried run makes the task anew, from the files of today. */
export const briefSubAgent = effect<StoredAgentTask, SubAgentBriefing>(
  async ({ name, input, budgetUsd }, scope) => {
    const { value: task } = await keptTask(scope);
    const sub = task.subAgents?.find(({ tool }) => tool === name);
    if (!sub) throw new TroupeError('environment', `There is no sub-agent "${name}" any more.`);
    return subAgentTask(sub, input, { step: task.step, maxTokens: task.model.maxTokens, budgetUsd });
  },
  { kind: 'pure', eager: true, anew: true },
);
