/** What the calls of a run go by where its code does not say itself; stored when the run begins, so that it stays the same in every process. */
import * as z from 'zod';

/** Settings of the calls of flows. */
export const CallSettings = z.object({
  /** How often a checkpoint is tried again. */
  retries: z.number().int().nonnegative().exactOptional(),
  /** Are results of checkpoints taken from earlier runs? */
  cache: z.boolean().exactOptional(),
  /** How many checkpoints are under way at once. */
  concurrency: z.number().int().positive().exactOptional(),
  /** The model of `ctx.llm`. */
  model: z.string().min(1).exactOptional(),
});
export type CallSettings = z.infer<typeof CallSettings>;

/** The settings of a run, around those that the code of its flows has. */
export const StoredSettings = z.object({
  /** Given with the run: they come before those of a flow. */
  given: CallSettings,
  /** From the surroundings: they come after those of a flow. */
  defaults: CallSettings,
});
export type StoredSettings = z.infer<typeof StoredSettings>;

/** The list of a root flow that holds its settings. */
export const settingsList = 'settings';
