/** A write that must not happen twice may have happened, and nobody can be asked. */
import type { FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import { userFailure } from '../../src/flow/flowErrors.ts';
import { TroupeError } from '../../src/values/failure.ts';

/** How a write ends that nobody can be asked about, because its flow was told to stop. */
export const uncertainOutcome = (id: string): FlowCallOutcome => ({
  ok: false,
  failure: userFailure(
    new TroupeError(
      'uncertain',
      `The process died while "${id}" was under way, and it must not happen twice. The flow was told to stop, so nobody is asked: look up whether it happened.`,
    ),
  ),
});
