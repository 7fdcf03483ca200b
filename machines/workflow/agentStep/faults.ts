/** Why an agent step fails, each with the code that programs read. */
import type { Failure } from '../../../src/values/failure.ts';
import { propertiesOf } from '../../../src/values/properties.ts';
import type { ToolOutcome } from '../../agent/effectTypes.ts';
import { makeFailure } from '../../failure.ts';
import type { RunningStepCall, StepFault } from './context.ts';

/** The code that a failure brings in its data; undefined when there is none. */
const codeIn = ({ data }: Failure): string | undefined => {
  const { code } = propertiesOf(data);
  return typeof code === 'string' && code !== '' ? code : undefined;
};

/** The model could not be asked. What the gateway says is told with its code. */
export function modelFault(failure: Failure): StepFault {
  if (failure.kind === 'budget') return { code: codeIn(failure) ?? 'budget_exceeded', failure };
  const code = codeIn(failure);
  if (code === undefined) return { code: 'gateway_error', failure };
  return { code, failure: { ...failure, message: `gateway error ${code}: ${failure.message}` } };
}

/** The tools could not be listed. */
export const discoveryFault = (failure: Failure): StepFault => ({
  code: codeIn(failure) ?? 'tool_server_failed',
  failure,
});

export const turnsFault = (turns: number): StepFault => ({
  code: 'max_turns_exceeded',
  failure: makeFailure(
    'format',
    `max_turns_exceeded: the agent gave no answer that could be read in ${turns} ${turns === 1 ? 'turn' : 'turns'}. Raise max_turns, or ask for less.`,
  ),
});

export const reflectionFault: StepFault = {
  code: 'reflect_output_invalid',
  failure: makeFailure('format', 'reflect_output_invalid: the reflection twice gave no single JSON object.'),
};

export const strayFault = (tool: string): StepFault => ({
  code: 'tool_not_permitted',
  failure: makeFailure(
    'denied',
    `tool_not_permitted: ${tool}. The agent called a tool that it was not given. Add it to the allowlist of its server, or say in the prompt which tools there are.`,
  ),
});

export const cancelFault = (reason: string): StepFault => ({
  code: 'cancelled',
  failure: makeFailure('cancelled', reason),
});

export const pauseFault: StepFault = {
  code: 'failed',
  failure: makeFailure('expired', 'The agent step was paused for a week.'),
};

/**
 * Whether the server failed, as opposed to the tool: it was not reached, its answer got lost, or it refused the request. The model can mend its
 * arguments, and knows what to do when the tool says that it failed; with a server that fails it can do nothing.
 */
export function isServerFailure(outcome: ToolOutcome): outcome is FailedOutcome {
  if (outcome.ok || denialIn(outcome) !== undefined) return false;
  const { kind, data } = outcome.failure;
  const { isError, done, server } = propertiesOf(data);
  if (kind === 'tool') return isError !== true && done !== true;
  // A call that our own end has interrupted says nothing of the server: the model is told that it may have happened.
  return kind === 'uncertain' ? server !== undefined : outages.includes(kind);
}

/** Failures of the way to a tool. */
const outages: readonly Failure['kind'][] = ['transient', 'timeout', 'environment', 'auth'];

type FailedOutcome = Extract<ToolOutcome, { ok: false }>;

/** The server of a tool failed. */
export const serverFault = (name: string, { failure }: FailedOutcome): StepFault => ({
  code: 'tool_call_failed',
  failure: { ...failure, message: `tool call ${name}: ${failure.message}` },
});

/** How the ticket of a call ended that was not allowed; undefined when it was made. */
export const denialIn = (outcome: ToolOutcome): unknown =>
  outcome.ok ? undefined : propertiesOf(outcome.failure.data).ticket;

/** What a person's no, or silence, does to the step; undefined when the model goes on. */
export function gateFault({ name, gate }: RunningStepCall, outcome: ToolOutcome): StepFault | undefined {
  const denial = denialIn(outcome);
  if (!gate || outcome.ok || denial === undefined) return undefined;
  if (denial === 'expired' && gate.timeoutBehavior === 'fail')
    return {
      code: 'approval_timed_out',
      failure: makeFailure('expired', `Approval timed out: nobody decided in time whether "${name}" may be called.`),
    };
  if (gate.onReject === 'recover') return undefined;
  return {
    code: 'approval_rejected',
    failure: makeFailure('denied', `The call of tool "${name}" was rejected. ${outcome.failure.message}`),
  };
}
