/** A write that must not happen twice may have happened, and nobody can be asked. */
import type { FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import { userFailure } from '../../src/flow/flowErrors.ts';
import { TroupeError } from '../../src/values/failure.ts';

/** Why nobody is asked about a write that has lost a race. */
export const flowHasResult = 'The flow has its result without it, so nobody is asked';

/** How a write ends of which nobody says whether it happened. `why`: by default its flow was told to stop. */
export const uncertainOutcome = (
  id: string,
  why = 'The flow was told to stop, so nobody is asked',
): FlowCallOutcome => ({
  ok: false,
  failure: userFailure(
    new TroupeError(
      'uncertain',
      `"${id}" was under way when its process died or its time was up, and it must not happen twice. ${why}: look up whether it happened.`,
    ),
  ),
});
