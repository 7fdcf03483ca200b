/** What the machine of a flow starts with, is told, and ends with. */
import * as z from 'zod';
import { anyJson, storedJson } from '../../values/anyJson.ts';
import { Failure } from '../../values/failure.ts';
import type { Address } from '../../values/ids.ts';
import { RunSignal } from '../run.ts';
import { StoredSettings } from './settings.ts';

/** What a flow starts with. */
export const FlowStart = z.object({
  /** Its input, as it was checked. */
  input: anyJson(),
  /** Its input holds values that JSON does not have, such as dates; absent when it does not. */
  encoded: z.literal(true).exactOptional(),
  /** The seed of its random numbers; its run and its address when absent. A replay has that of the run that it replays. */
  seed: z.string().exactOptional(),
  /** When it began, in milliseconds since the epoch; added by its machine. */
  began: z.number().exactOptional(),
  /** The time that its body begins with: of a replay, when the run began that it replays. When it began itself when absent. */
  now: z.number().exactOptional(),
  /** The calls that it is a child of, from the root; absent for a root. */
  path: z.string().exactOptional(),
  /** What the keys of its calls begin with, where that is not its run and its path: it is begun anew in a retried run, after it had succeeded. */
  keys: z.string().exactOptional(),
  /** The run that this one replays. */
  replayOf: z.string().exactOptional(),
  /** How many results it takes from there. */
  kept: z.number().int().nonnegative().exactOptional(),
  /** A hash of these results: a replay of the same run that takes others is another one. */
  keptHash: z.string().exactOptional(),
  /** The settings of its run; a root has them in a list of its own. */
  settings: StoredSettings.exactOptional(),
  /** How many flows are around it. */
  depth: z.number().int().nonnegative().exactOptional(),
});
export type FlowStart = z.infer<typeof FlowStart>;

/** The calls around a flow, from the root; undefined for a root. One that is called by an agent as a tool has its place in the run instead, which no other has. */
export function flowPathOf({ path }: { readonly path?: unknown }, address: Address, run: string): string | undefined {
  if (typeof path === 'string') return path;
  const place = address.slice(address.indexOf('/') + 1);
  return place === run ? undefined : place.slice(run.length + 1);
}

/** How a flow ended. */
export const FlowEnd = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('completed'),
    output: storedJson(),
    encoded: z.literal(true).optional(),
    /** It may have left writes of which nobody knows whether they happened: a call of it was uncertain, or a child failed. */
    unsettled: z.literal(true).optional(),
  }),
  z.object({ status: z.literal('failed'), failure: Failure }),
  z.object({ status: z.literal('cancelled'), reason: z.string() }),
]);
export type FlowEnd = z.infer<typeof FlowEnd>;

/** What people and programs may tell a flow. */
export const FlowSignal = z.discriminatedUnion('type', [
  ...RunSignal.options,
  /** A value for `ctx.signal(name)`. */
  z.object({
    type: z.literal('flow.signal'),
    name: z.string().min(1),
    value: anyJson(),
    encoded: z.literal(true).optional(),
  }),
  /** Its body has something to say although nothing was under way. */
  z.object({ type: z.literal('flow.wake') }),
]);
export type FlowSignal = z.infer<typeof FlowSignal>;
