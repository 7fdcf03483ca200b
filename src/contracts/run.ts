/** What a run takes and returns: a run owns the members of a team while they work on one task. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { AgentUsage, Budget } from './agent.ts';
import { MediaPart } from './media.ts';
import { Failure } from '../values/failure.ts';

/** What a person may say to a run. */
export const RunSignal = z.discriminatedUnion('type', [
  /** Ends the run; its members are told to stop. */
  z.object({ type: z.literal('run.cancel'), reason: z.string() }),
  /** Holds the run and its members. */
  z.object({ type: z.literal('run.pause') }),
  /** Goes on after a pause. */
  z.object({ type: z.literal('run.resume') }),
]);
export type RunSignal = z.infer<typeof RunSignal>;

/** A message of the team: the first one, or the answer of a member. */
export const RunMessage = z.object({
  /** The name of the message in the team's protocol. */
  type: z.string(),
  /** What the message says, in the shape that its type has in the team's protocol. */
  body: anyJson(),
  /** Images, audio and files beside it; none by default. */
  parts: z.array(MediaPart).exactOptional(),
  /** The name of the member that answered; absent for the first message. */
  from: z.string().optional(),
  /** Which of the messages that were passed on it answers, counted from 0. */
  turn: z.number().optional(),
  /** What the member used for this answer. */
  usage: AgentUsage.optional(),
  /** When it came, in milliseconds since the epoch. */
  at: z.number().optional(),
});
export type RunMessage = z.infer<typeof RunMessage>;

/** What a run starts with. */
export const RunInput = z.object({
  type: z.string().min(1),
  body: anyJson(),
  /** Images, audio and files beside the message; none by default. */
  parts: z.array(MediaPart).exactOptional(),
  budget: Budget.optional(),
  /** How many agents and teams have passed the work on already. */
  depth: z.number().int().nonnegative().optional(),
  /** The name of the lease under which its parent may be asked for more budget. */
  lease: z.string().optional(),
});
export type RunInput = z.infer<typeof RunInput>;

/** `partial`: what members had answered when the run failed or was stopped. */
export const RunOutput = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('completed'),
    result: anyJson(),
    /** Images, audio and files that belong to the result; none by default. */
    parts: z.array(MediaPart).exactOptional(),
    turns: z.number(),
    usage: AgentUsage,
  }),
  z.object({
    status: z.literal('failed'),
    failure: Failure,
    member: z.string().optional(),
    partial: RunMessage.optional(),
    turns: z.number(),
    usage: AgentUsage,
  }),
  z.object({
    status: z.literal('cancelled'),
    reason: z.string(),
    partial: RunMessage.optional(),
    turns: z.number(),
    usage: AgentUsage,
  }),
]);
export type RunOutput = z.infer<typeof RunOutput>;

/** Bounds of a run. */
export interface RunLimits {
  /** How long the whole run may take, in milliseconds; 48 hours by default. */
  readonly deadline: number;
  /** How many messages may be passed to members; 50 by default. */
  readonly maxTurns: number;
  /** How long members may take to end when the run is stopped, in milliseconds; 15 seconds by default. */
  readonly grace: number;
  /** How long a person may take to answer when the budget is used up, in milliseconds; 12 hours by default. */
  readonly patience: number;
}
