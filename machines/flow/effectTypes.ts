/** What the effects of a flow take and give. */
import type { FlowChildKind } from '../../src/contracts/flow/child.ts';
import type { FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import type { FlowStart } from '../../src/contracts/flow/flow.ts';
import type { Artifact } from '../../src/contracts/media.ts';
import type { WaitInput } from '../../src/contracts/wait.ts';
import type { Json } from '../../src/values/json.ts';

/** What the body of a flow asks its machine for: what takes time without anything being done in this process. */
export type FlowRequest = RequestKind & {
  readonly call: string;
  /** Set in a retried run where what had ended in an earlier life is not wanted: a number that says which time it is. */
  readonly anew?: number;
};

type RequestKind =
  | { readonly kind: 'wait'; readonly ticket: WaitInput }
  /** `until`: milliseconds since the epoch. */
  | { readonly kind: 'sleep'; readonly until: number }
  /** `source`: the name under which the machine of the child is provided. `child`: what it is. `artifacts`: what its input refers to, which the flow keeps. */
  | {
      readonly kind: 'child';
      readonly source: string;
      readonly child: FlowChildKind;
      readonly input: Json;
      readonly artifacts?: readonly Artifact[];
    };

/** What has arrived for a body: the end of a request, or a signal. */
export type FlowArrival =
  | {
      readonly call: string;
      readonly outcome: FlowCallOutcome;
      readonly by?: string;
      /** Of an answer: until when the question was open, in milliseconds since the epoch. */
      readonly until?: number;
    }
  | { readonly signal: string; readonly value: Json; readonly encoded?: true };

/** An entry of the list of arrivals. `begun`: the flow was begun then, or begun again by a retry; what comes before belongs to an earlier life. */
export type ArrivalEntry = FlowArrival | { readonly begun: number };

/** Lets the body go on, until it asks for something, can do nothing more by itself, or ends. */
export interface FlowBodyInput {
  /** Which time the body is let go on, counted from 0. */
  readonly turn: number;
  /** The turn whose requests were opened last; what was asked for after that is asked for again. */
  readonly followed: number;
  /** How many arrivals there are, in the list `arrivals`. */
  readonly arrivals: number;
  /** What the run starts with is in the list `start`. */
  readonly paused: boolean;
  /** Set when it is to stop, with the reason. */
  readonly stop?: string;
}

/** What a body came to. */
export type FlowBodyOutput =
  | {
      readonly status: 'open';
      readonly requests: readonly FlowRequest[];
      /** Calls of it are under way in this process, or the body itself is. */
      readonly busy: boolean;
      /** The names of the signals that it waits for; none when absent, and while it is busy. */
      readonly signals?: readonly string[];
    }
  | { readonly status: 'completed'; readonly output: Json; readonly encoded?: true; readonly unsettled?: true }
  /** It was told to stop, and has. */
  | { readonly status: 'stopped' };

/** The list whose only entry is what the flow starts with. */
export const startList = 'start';
export type { FlowStart };
