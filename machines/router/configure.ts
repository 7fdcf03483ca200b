/** Changes the limits of a router that runs, and the retries of tasks that have not begun. */
import type { Reconfiguration } from '../../src/contracts/orchestration.ts';
import type { RouterDraft } from './draft.ts';

export function reconfigure({ context, settings }: RouterDraft, { limits = {}, retry }: Reconfiguration): void {
  context.limits = changed(context.limits, limits);
  if (retry) context.retry = changed(context.retry ?? settings.retry, retry);
  // Higher limits may let a task begin.
  context.due = true;
}

const changed = <T extends object>(old: T, given: { readonly [K in keyof T]?: T[K] | undefined }): T => ({
  ...old,
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
});
