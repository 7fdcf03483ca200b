/** The guards and delays that depend on the settings of a router. */
import type { RouterContext } from './context.ts';
import { defaultDeadline, type RouterSettings } from './settings.ts';

/** A router that goes on without tasks has no deadline unless it is given one; one that is a member counts it for each task instead. */
export function routerGuardsOf({ deadline }: RouterSettings) {
  return {
    isBounded: ({ context }: { context: RouterContext }) =>
      context.serves ? false : deadline !== undefined || !context.standing,
  };
}
export const routerDelaysOf = ({ deadline = defaultDeadline }: RouterSettings) => ({ deadline });
