/** The events of an agent's machine: signals, the ends of its effects and calls, and what its regions raise for each other. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { AgentSignal } from '../../src/contracts/agent.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WaitOutput } from '../../src/contracts/wait.ts';
import { childFailure, isChildError, childOutput, type ChildEndEvent } from '../childEvents.ts';
import type {
  ToolbeltListing,
  DiscoveryOutput,
  FallbackOutput,
  PlanOutput,
  AnalysisOutput,
  ParsedAnswer,
  ToolAnswer,
  ToolOutcome,
  VerificationOutput,
} from './effectTypes.ts';

export type AgentEvent =
  | AgentSignal
  | TreasuryAnswer
  | TreasuryLease
  /** The agent has reached a point where it holds, while a pause is wanted. */
  | { type: 'agent.held' }
  | { type: 'agent.settled' }
  /** From the engine: the deadline of the whole run has passed. */
  | { type: 'troupe.deadline' }
  /** The agent's own deadline has passed; `expired`: the run's. */
  | { type: 'budget.exhausted'; expired?: true }
  | DoneActorEvent<ParsedAnswer, 'callModel'>
  | DoneActorEvent<DiscoveryOutput, 'discover'>
  | DoneActorEvent<AnalysisOutput, 'analyze'>
  | DoneActorEvent<PlanOutput, 'plan'>
  | DoneActorEvent<VerificationOutput, 'verify'>
  | DoneActorEvent<FallbackOutput, 'fallback'>
  | DoneActorEvent<ToolbeltListing, 'listToolbelt'>
  | DoneActorEvent<WaitOutput, 'ticket'>
  | DoneActorEvent<ToolOutcome, `call.${number}`>
  | ErrorActorEvent<unknown, `call.${number}`>
  | ErrorActorEvent;

/** What the model's answer means. Use it on the `onDone` of `callModel` and nowhere else. */
export const parsedAnswerIn = (event: AgentEvent): ParsedAnswer => childOutput<ParsedAnswer>(event);

const outcomeType = /^xstate\.(?:done|error)\.actor\.call\./;
/** Whether the event is the end of a call of the turn. */
export const isCallEnd = (event: AgentEvent): boolean => outcomeType.test(event.type);

/** How a call ended, from its done or error event: `runTool` gives its answer or throws, `toolCall` gives an outcome. */
export function toolOutcomeIn(event: ChildEndEvent): ToolOutcome {
  if (isChildError(event)) {
    const failure = childFailure(event);
    return { ok: false, content: failure.message, failure };
  }
  const output = childOutput<ToolOutcome | (ToolAnswer & { ok?: undefined; usage?: undefined; parts?: undefined })>(
    event,
  );
  if (output.ok === false) return output;
  const { content, artifacts, parts, usage } = output;
  return {
    ok: true,
    content,
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(parts === undefined ? {} : { parts }),
    ...(usage === undefined ? {} : { usage }),
  };
}
