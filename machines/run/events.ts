/** The events of a run: signals, budget messages, and the ends of its members and its route. */
import type { DoneActorEvent, ErrorActorEvent } from 'xstate';
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { MediaPart } from '../../src/contracts/media.ts';
import type { Json } from '../../src/values/json.ts';
import type { RunOutput, RunSignal } from '../../src/contracts/run.ts';
import type { TreasuryAnswer, TreasuryLease } from '../../src/contracts/treasury.ts';
import type { WorkDone } from '../../src/contracts/work.ts';
import { childOutput } from '../childEvents.ts';
import type { RoutedMessage } from './context.ts';

/** The input of `route`. */
export interface RouteInput {
  /** Which of the run's messages is to be routed, from 0. */
  readonly index: number;
}
/** What `route` decided: the messages to send to members, or the result of the team. */
export type RouteDecision =
  | {
      /** The messages to hand to members; an empty list waits for the members at work. */
      readonly send: readonly RoutedMessage[];
      /** The same for the messages after that one, in order, as far as they had arrived: a message that ends the run is not among them. None by default. */
      readonly more?: readonly (readonly RoutedMessage[])[];
    }
  | {
      /** The result of the team; the run ends with it. */
      readonly finish: Json;
      /** Images, audio and files that belong to it; none by default. */
      readonly parts?: readonly MediaPart[];
    };

export type RunEvent =
  | RunSignal
  | TreasuryLease
  | TreasuryAnswer
  | { type: 'run.settled' }
  /** From the engine: the deadline that the run was started with has passed. */
  | { type: 'troupe.deadline' }
  /** The team's own deadline has passed; `expired`: the one that the run was started with. */
  | { type: 'run.late'; expired?: true }
  | DoneActorEvent<RouteDecision, 'route'>
  | WorkDone
  | DoneActorEvent<AgentOutput | RunOutput, `member.${number}`>
  | DoneActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `standing.${string}`>
  | ErrorActorEvent<unknown, `member.${number}`>
  | ErrorActorEvent;

/** What the route decided. Use it on the `onDone` of `route` and nowhere else. */
export const routeDecisionIn = (event: RunEvent): RouteDecision => childOutput<RouteDecision>(event);

/** The messages that the route wants sent; none when it finished. */
export const routedMessagesIn = (event: RunEvent): readonly RoutedMessage[] => {
  const routed = routeDecisionIn(event);
  return 'send' in routed ? routed.send : [];
};

/** What the route decided about the messages after that one, as far as they had arrived. */
export const furtherDecisionsIn = (event: RunEvent): readonly (readonly RoutedMessage[])[] => {
  const routed = routeDecisionIn(event);
  return 'send' in routed ? (routed.more ?? []) : [];
};
