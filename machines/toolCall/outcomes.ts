/** How a tool call ends, for the model of its caller. */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import { madeInWords, partsIn } from '../../src/contracts/parts.ts';
import type { FlowEnd } from '../../src/contracts/flow/flow.ts';
import type { RunOutput } from '../../src/contracts/run.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import type { Failure } from '../../src/values/failure.ts';
import { propertiesOf } from '../../src/values/properties.ts';
import type { ToolAnswer, ToolOutcome } from '../agent/effectTypes.ts';
import { makeFailure } from '../failure.ts';
import { memberEndOf } from '../member.ts';
import { unansweredFailure } from '../wait.ts';
import type { ToolCallContext, WriteReconciliation } from './context.ts';

/** It has failed. */
export const failedOutcome = (reason: Failure): ToolOutcome => ({
  ok: false,
  content: reason.message,
  failure: reason,
});

/** It was not made, or stopped. */
export const interrupted = makeFailure(
  'denied',
  'Not made, or stopped before it answered: somebody said something meanwhile.',
);

/** The fields of a person's answer, or of the ticket's default. */
export const answerIn = (output: WaitOutput) => propertiesOf(output.status === 'aborted' ? undefined : output.answer);
/** The note that a person may add. */
export const noteIn = (output: WaitOutput): string => {
  const { note } = answerIn(output);
  return typeof note === 'string' ? note : '';
};

/** What a write that has happened returned. */
export const answerOf = (found: WriteReconciliation): ToolAnswer => (found.done === true ? found : { content: '' });

/** The outcome of a delegate's work. If it failed, the kind is `tool` whatever the reason was: the caller's model is shown it and goes on. */
export function delegated({ call, delegate }: ToolCallContext, output: AgentOutput | RunOutput | FlowEnd): ToolOutcome {
  const { answer, failure: reason, usage } = memberEndOf({ type: 'done', output }, delegate?.who);
  if (answer) {
    const { body, parts = [] } = answer;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    // Named in words as well, so that the model can hand them on by their ids.
    const words = parts.filter(({ artifact }) => !text.includes(artifact)).map(madeInWords);
    return { ok: true, content: [text, ...words].join('\n'), usage, ...partsIn(parts) };
  }
  const kind = reason?.kind ?? 'internal';
  const why = makeFailure('tool', `"${call.name}" could not do it: ${reason?.message ?? 'no reason given'}`, {
    tool: call.name,
    failed: kind,
  });
  return { ...failedOutcome(why), usage };
}

/** The data says how the ticket ended, so that a no is told apart from silence, and from a tool that denies. */
export function denialOf(output: WaitOutput): Failure {
  const data = { ticket: output.status };
  if (output.status === 'aborted') return { ...unansweredFailure(output), data };
  const note = noteIn(output);
  const who = output.status === 'answered' ? output.by : 'the deadline';
  return makeFailure('denied', `Denied by ${who}${note ? `: ${note}` : '.'}`, data);
}
