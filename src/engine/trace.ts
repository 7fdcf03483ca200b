/** The trace of every step of every machine, published on a diagnostics channel: it costs nothing while there are no listeners. */
import { channel } from 'node:diagnostics_channel';
import type { StepTrace } from '../core/platform.ts';

export type { TracedStep } from '../core/platform.ts';

/** The name of the channel; messages are `TracedStep`. One process may hold several copies of this module, and the name is what they share. */
export const stepsChannel = 'troupe:step';
const steps = channel(stepsChannel);

/** The trace that every actor type of this process uses. */
export const stepTrace: StepTrace = {
  get hasListeners() {
    return steps.hasSubscribers;
  },
  publish: (step) => steps.publish(step),
};
