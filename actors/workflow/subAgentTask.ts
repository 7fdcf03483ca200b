/** Makes the task of a sub-agent from what the model of its caller gave. */
import type { AgentTaskSubAgent, StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { isJsonObject, type Json } from '../../src/values/json.ts';
import { violations, violationText } from '../../src/workflow/airlock/violations.ts';
import { taskOf, type AgentParameters } from './taskOf.ts';

/** What a sub-agent has from the step that calls it. */
export interface SubAgentFrame {
  readonly step: string;
  readonly maxTokens: number;
  /** In US dollars; no limit when undefined. */
  readonly budgetUsd: number | undefined;
}

/** The task of a sub-agent. Throws `invalid`, in words for the model, when the arguments do not fit. */
export function subAgentTask(sub: AgentTaskSubAgent, input: Json, frame: SubAgentFrame): StoredAgentTask {
  const problems = violations(sub.input, input);
  if (problems.length > 0)
    throw new TroupeError(
      'invalid',
      `Not made: the arguments of "${sub.tool}" do not fit: ${violationText(problems)}.`,
    );
  const { agent } = sub;
  return taskOf(agent, givenTo(sub, isJsonObject(input) ? input : {}), {
    ...frame,
    group: agent.group,
    // They were replaced when the task of the step was made.
    groupOf: (group) => group,
    override: () => () => undefined,
  });
}

/** What is an argument is no template: it is taken as it is. */
function givenTo({ agent, secrets }: AgentTaskSubAgent, input: Readonly<Record<string, Json>>): AgentParameters {
  const open = agent.params
    .filter(({ name }) => !Object.hasOwn(secrets, name))
    .map(({ name, secret, required, default: fallback }): [string, Json] => {
      const value = !secret && Object.hasOwn(input, name) ? input[name] : fallback;
      if (value === undefined && required)
        throw new TroupeError(
          'invalid',
          `Not made: "${agent.name}" needs the secret "${name}", and the agent that calls it was not given one.`,
        );
      return [name, value ?? ''];
    });
  return { open: Object.fromEntries(open), sealed: secrets };
}
