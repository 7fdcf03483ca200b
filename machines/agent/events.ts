/** Everything an agent's machine can meet: signals, what its effects answer, and what its regions tell each other. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { AgentSignal } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { failureOf } from '../failure.ts';
import type { Belt, Discovered, Fallback, Planned, Analysis, Reading, ToolOutcome, Verified } from './turn.ts';

export type AgentEvent =
  | AgentSignal
  | TreasuryAnswer
  /** The safe point was reached while somebody wants a pause. */
  | { type: 'agent.held' }
  | { type: 'agent.settled' }
  /** From the engine: the deadline of the whole run has passed. */
  | { type: 'troupe.deadline' }
  /** The agent's own deadline has passed, or the run's. */
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

/** The answer of an effect. To be used on the `onDone` of that effect and nowhere else. */
export const outputIn = <Output>(event: AgentEvent): Output => (event as unknown as DoneActorEvent<Output>).output;
export const readingIn = (event: AgentEvent): Reading => outputIn<Reading>(event);

/** The failure of an effect. To be used on its `onError`. */
export const failureIn = (event: AgentEvent) => failureOf((event as ErrorActorEvent).error);

const outcomeType = /^xstate\.(?:done|error)\.actor\.call\./;
/** Did a call of the turn end? */
export const isOutcome = (event: AgentEvent): boolean => outcomeType.test(event.type);

/** How a call ended, from its done or error event: `runTool` gives its answer or throws, `toolCall` gives an outcome. */
export function outcomeIn(event: AgentEvent): ToolOutcome {
  if (!event.type.startsWith('xstate.error.')) {
    const output = outputIn<Partial<ToolOutcome> & { content: string }>(event);
    if (output.ok === false) return output as ToolOutcome;
    const { content, usage } = output;
    return { ok: true, content, ...(usage === undefined ? {} : { usage }) };
  }
  const failure = failureIn(event);
  return { ok: false, content: failure.message, failure };
}
