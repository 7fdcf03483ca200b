/** Reads what has arrived for the body of a flow from the event that brought it. */
import type { FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { childFailure, isChildError, type ChildEndEvent } from '../childEvents.ts';
import { unansweredFailure } from '../wait.ts';
import { childOutcome } from './children.ts';
import type { FlowMachineContext } from './context.ts';
import type { FlowArrival } from './effectTypes.ts';
import { endedRequest, type FlowEvent } from './events.ts';

/** What the event brings for the body; undefined when nothing of it is waited for. */
export function arrivalIn(context: FlowMachineContext, event: FlowEvent): FlowArrival | undefined {
  if (event.type === 'flow.signal')
    return { signal: event.name, value: event.value, ...(event.encoded ? { encoded: true as const } : {}) };
  const request = context.open[endedRequest(event) ?? ''];
  if (!request) return undefined;
  const { call, kind, child = 'flow' } = request;
  if (kind === 'sleep') return { call, outcome: { ok: true, output: null } };
  if (isChildError(event)) return { call, outcome: failed(childFailure(event)) };
  // The end of a child has its output.
  const { output } = event as ChildEndEvent;
  if (kind === 'child') return { call, outcome: childOutcome(child, output) };
  // A ticket gives this.
  const answer = output as WaitOutput;
  const outcome = answerOutcome(answer);
  if (answer.status !== 'answered') return { call, outcome };
  const { by, until } = answer;
  return { call, outcome, by, ...(until === undefined ? {} : { until }) };
}

/** Who withdrew a question and why, when the event says so: it ends the flow. */
export function withdrawalIn(context: FlowMachineContext, event: FlowEvent): string | undefined {
  if (context.open[endedRequest(event) ?? '']?.kind !== 'wait' || isChildError(event)) return undefined;
  // A ticket gives this.
  const answer = (event as ChildEndEvent).output as WaitOutput;
  return answer.status === 'aborted' ? `${answer.by} withdrew a question: ${answer.reason}` : undefined;
}

const failed = (failure: Failure): FlowCallOutcome => ({ ok: false, failure });

function answerOutcome(answer: WaitOutput): FlowCallOutcome {
  const value = answer.status === 'aborted' ? undefined : answer.answer;
  // What was stored as an answer is JSON.
  return value === undefined ? failed(unansweredFailure(answer)) : { ok: true, output: value as Json };
}
