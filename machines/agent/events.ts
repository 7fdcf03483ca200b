/** The events of an agent's machine: signals, the ends of its effects and calls, and what its regions raise for each other. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { AgentSignal } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { failureIn, isError, outputIn } from '../childEvents.ts';
import type { Belt, Discovered, Fallback, Planned, Analysis, Reading, ToolOutcome, Verified } from './effectTypes.ts';

export type AgentEvent =
  | AgentSignal
  | TreasuryAnswer
  /** The agent has reached a point where it holds, while a pause is wanted. */
  | { type: 'agent.held' }
  | { type: 'agent.settled' }
  /** From the engine: the deadline of the whole run has passed. */
  | { type: 'troupe.deadline' }
  /** The agent's own deadline has passed; `expired`: the run's. */
  | { type: 'budget.exhausted'; expired?: true }
  | DoneActorEvent<Reading, 'callModel'>
  | DoneActorEvent<Discovered, 'discover'>
  | DoneActorEvent<Analysis, 'analyze'>
  | DoneActorEvent<Planned, 'plan'>
  | DoneActorEvent<Verified, 'verify'>
  | DoneActorEvent<Fallback, 'fallback'>
  | DoneActorEvent<Belt, 'listToolbelt'>
  | DoneActorEvent<WaitOutput, 'ticket'>
  | DoneActorEvent<ToolOutcome, `call.${number}`>
  | ErrorActorEvent<unknown, `call.${number}`>
  | ErrorActorEvent;

/** What the model's answer means. Use it on the `onDone` of `callModel` and nowhere else. */
export const readingIn = (event: AgentEvent): Reading => outputIn<Reading>(event);

const outcomeType = /^xstate\.(?:done|error)\.actor\.call\./;
/** Whether the event is the end of a call of the turn. */
export const isOutcome = (event: AgentEvent): boolean => outcomeType.test(event.type);

/** How a call ended, from its done or error event: `runTool` gives its answer or throws, `toolCall` gives an outcome. */
export function outcomeIn(event: AgentEvent): ToolOutcome {
  if (isError(event)) {
    const failure = failureIn(event);
    return { ok: false, content: failure.message, failure };
  }
  const output = outputIn<ToolOutcome | { ok?: undefined; content: string; usage?: undefined }>(event);
  if (output.ok === false) return output;
  const { content, usage } = output;
  return { ok: true, content, ...(usage === undefined ? {} : { usage }) };
}
