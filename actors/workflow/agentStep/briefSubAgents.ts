/** The tasks of sub-agents, made when they are called: their parameters are what the model gave. */
import { toFailure, TroupeError } from '../../../src/values/failure.ts';
import type { BriefedCall, SubAgentBriefing, SubAgentCall } from '../../../machines/workflow/agentStep/effectTypes.ts';
import { effect } from '../../effect.ts';
import { subAgentTask } from '../subAgentTask.ts';
import { keptTask } from './keptTask.ts';

/** Fills `brief`. Arguments that do not fit are told to the model. A retried run makes the tasks anew, from the files of today. */
export const briefSubAgents = effect<readonly BriefedCall[], SubAgentBriefing>(
  async ({ calls, budgetUsd }, scope) => {
    const { value: task } = await keptTask(scope);
    const frame = { step: task.step, maxTokens: task.model.maxTokens, budgetUsd };
    const briefed = ({ name, input }: SubAgentCall): BriefedCall => {
      const sub = task.subAgents?.find(({ tool }) => tool === name);
      if (!sub) throw new TroupeError('environment', `There is no sub-agent "${name}" any more.`);
      return { task: subAgentTask(sub, input, frame) };
    };
    return calls.map((call) => {
      try {
        return briefed(call);
      } catch (thrown) {
        const { kind, message } = toFailure(thrown);
        if (kind === 'invalid' || kind === 'environment') return { why: message };
        throw thrown;
      }
    });
  },
  { kind: 'pure', eager: true, anew: true },
);
