/** Every step of every machine, told on a diagnostics channel: nobody pays for it while nobody listens. */
import { channel } from 'node:diagnostics_channel';
import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** A first step has an input, every other one a snapshot it began with and an event. */
export type Stepped = { readonly machine: AnyStateMachine; readonly to: AnyMachineSnapshot } & (
  { readonly input: unknown } | { readonly from: AnyMachineSnapshot; readonly event: AnyEventObject }
);

/** One process may hold several copies of this module; the name is what they share. */
export const stepsChannel = 'troupe:step';
const steps = channel(stepsChannel);

/** Ask `told()` first: then a step that nobody hears makes no object. */
export const told = (): boolean => steps.hasSubscribers;
export const tell = (step: Stepped): void => steps.publish(step);
