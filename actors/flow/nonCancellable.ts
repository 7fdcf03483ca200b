/** `ctx.nonCancellable`: a part of a body that goes on when the flow is told to stop, such as one that undoes what was done. */
import { describeValue } from '../../src/values/explain.ts';
import { scopeError } from '../../src/flow/flowErrors.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { FlowBody } from './flowBody.ts';
import { currentCheckpoint, inNonCancellable } from './flowScope.ts';

/** Does the work, and gives what it gives. Rejects with `definition` for what is no function, and with `scope` inside a checkpoint or after the end of the body. */
export async function nonCancellable(run: FlowBody, work: unknown): Promise<unknown> {
  if (typeof work !== 'function')
    throw new TroupeError(
      'definition',
      `ctx.nonCancellable takes a function, such as () => ctx.checkpoint('release', …); got ${describeValue(work)}.`,
    );
  const at = currentCheckpoint();
  if (at?.owner === run)
    throw scopeError(
      'ctx.nonCancellable was called',
      `inside the checkpoint "${at.id}"`,
      'Call it in the body of the flow, around the checkpoint.',
    );
  run.life.requireRunning(true);
  const end = run.life.beginNonCancellable();
  try {
    // It was checked above.
    return await inNonCancellable(run, work as () => unknown);
  } finally {
    end();
  }
}
