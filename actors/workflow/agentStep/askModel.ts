/** One question to the model of an agent step, and what its answer says. */
import type { Failure } from '../../../src/values/failure.ts';
import { asJson } from '../../../src/values/json.ts';
import type { ModelAnswer, ToolCall } from '../../../src/contracts/model.ts';
import type {
  KeptAgentTask,
  StepAnswer,
  StepQuestion,
  StepReply,
  StepTool,
} from '../../../machines/workflow/agentStep/effectTypes.ts';
import { modelScope } from '../../callModel.ts';
import { effect, knownBy } from '../../effect.ts';
import type { AgentStepDeps } from './deps.ts';
import { keptTask, keptTools } from './keptTask.ts';
import { redactionOf } from './withoutSecrets.ts';
import { readCalls, withOwnIds } from './readCalls.ts';
import { readReply } from './readReply.ts';
import { budgetLeft, mayAttempt, requireBudget } from './stepBudget.ts';
import { stepRequest } from './stepPrompts.ts';

/** Fills `ask`. A retried run knows a question again by its number, whatever it may cost. */
export const askStepModel = (deps: AgentStepDeps) =>
  knownBy(
    effect<StepAnswer, StepQuestion>(
      async (question, scope) => {
        const task = await keptTask(scope);
        const tools = question.offer ? await keptTools(scope) : [];
        const redaction = redactionOf(task, deps);
        return redaction.guard(async () => {
          const request = await stepRequest(question, task, tools, scope);
          requireBudget(task, question, request, deps.gateway);
          const answer = await deps.gateway.answer(
            task.value.model.group,
            request,
            {
              ...modelScope(scope),
              about: { run: task.value.run ?? scope.run, step: task.value.step },
              budgetUsd: budgetLeft(task, question),
            },
            (part) => scope.progress(redaction.clean(asJson(part))),
            mayAttempt(task, question),
          );
          const { text, calls, provider } = answer;
          const said = redaction.clean({ text, calls, ...(provider === undefined ? {} : { provider }) });
          return stepAnswer({ ...answer, ...said }, question, task, tools);
        });
      },
      { failureIn: failureOfAnswer },
    ),
    ({ about, number }) => ({ about, number }),
  );

/** An answer that is judged and has failed: a retry asks for another one. */
const failureOfAnswer = ({ says }: StepAnswer): Failure | undefined =>
  (says.kind === 'draft' || says.kind === 'violating') && says.end.status === 'failed' ? says.end.failure : undefined;

function stepAnswer(
  answer: ModelAnswer,
  question: StepQuestion,
  task: KeptAgentTask,
  tools: readonly StepTool[],
): StepAnswer {
  const { text, usage, failed, model, provider } = answer;
  const calls = question.offer ? withOwnIds(answer.calls) : [];
  return {
    text,
    calls,
    usage,
    ...(failed === undefined ? {} : { failed }),
    model,
    // It holds the calls that are dropped.
    ...(provider === undefined || calls.length < answer.calls.length ? {} : { provider }),
    says: meaningOf(answer, calls, question, task, tools),
  };
}

function meaningOf(
  { text, reason, calls: asked }: ModelAnswer,
  calls: readonly ToolCall[],
  { about }: StepQuestion,
  task: KeptAgentTask,
  tools: readonly StepTool[],
): StepReply {
  if (calls.length > 0) return { kind: 'calls', calls: readCalls({ calls, reason }, task, tools) };
  if (asked.length > 0 && text.trim() === '') return { kind: 'nothing' };
  return readReply(text, task, about);
}
