/** The context of a flow: what its body waits for. What has arrived is in the list `arrivals`, and what has ended in the records of the body. */
import type { FlowChildKind } from '../../src/contracts/flow/child.ts';
import type { FlowEnd, FlowStart } from '../../src/contracts/flow/flow.ts';
import type { FlowRequest } from './effectTypes.ts';

/** A request that has not ended. */
export interface OpenRequest {
  readonly kind: FlowRequest['kind'];
  /** The call of the body. */
  readonly call: string;
  /** What the child is; of other requests absent. */
  readonly child?: FlowChildKind;
}

/** The context of a flow. */
export interface FlowMachineContext {
  /** What it starts with, until it is in the list. */
  readonly start: FlowStart | undefined;
  /** How many flows are around it. */
  readonly depth: number;
  /** How often the body was let go on. */
  readonly turn: number;
  /** The turn whose requests were opened last: the body is let go on anew when something arrives, and then nobody takes what the turn before came to. */
  readonly followed: number;
  /** How many arrivals the list has, and how many of them the body was told of. */
  readonly arrivals: number;
  readonly told: number;
  /** How many requests were opened; each has an id of its own. */
  readonly opened: number;
  /** By the id of the child or the timer. */
  readonly open: Readonly<Record<string, OpenRequest>>;
  /** The names of the signals that the body waits for; none when absent, and while it is at work. */
  readonly signals?: readonly string[] | undefined;
  /** The body begins nothing new. */
  readonly paused: boolean;
  readonly end: FlowEnd | undefined;
}

export const initialFlowContext = (start: FlowStart): FlowMachineContext => ({
  start,
  depth: start.depth ?? 0,
  turn: 0,
  followed: 0,
  arrivals: 0,
  told: 0,
  opened: 0,
  open: {},
  paused: false,
  end: undefined,
});

/** The requests of these kinds that have not ended, by the id of their child. */
export const openOf = (
  { open }: FlowMachineContext,
  kinds: readonly FlowRequest['kind'][],
): readonly (readonly [string, OpenRequest])[] => Object.entries(open).filter(([, { kind }]) => kinds.includes(kind));
