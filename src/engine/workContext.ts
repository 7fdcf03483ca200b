/** Which effect of which run the present code belongs to: an error that nothing catches has no other origin. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Address } from '../values/ids.ts';

/** The effect that started the present code, directly or by a timer, an event or a promise. */
export interface WorkContext {
  readonly run: string;
  readonly actor: Address;
  /** The name of the effect in its machine. */
  readonly effect: string;
  /** Fails the run in the process that has it; false when the run is not there any more. */
  fail(thrown: unknown): boolean;
}

const storage = new AsyncLocalStorage<WorkContext>();

/** Calls `work`; everything that it starts belongs to the context, however late it happens. */
export const inContext = <T>(context: WorkContext, work: () => T): T => storage.run(context, work);

/** Undefined outside of effects. */
export const workContext = (): WorkContext | undefined => storage.getStore();
