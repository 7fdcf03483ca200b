/** The flow that the present code of a graph runs in: middleware is made once, and used in many runs. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FlowContext } from '../../flow/context.ts';

const storage = new AsyncLocalStorage<FlowContext>();

/** Calls `work`; middleware that it uses records its calls in this flow. */
export const inFlow = <T>(ctx: FlowContext, work: () => T): T => storage.run(ctx, work);

/** The flow; undefined outside of flows. */
export const currentFlow = (): FlowContext | undefined => storage.getStore();
