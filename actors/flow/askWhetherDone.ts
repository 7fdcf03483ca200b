/** A write that must not happen twice may have happened when its process died, or its time was up: a person says whether it did. */
import type { Json } from '../../src/values/json.ts';
import { longestWait } from '../../src/contracts/wait.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import { flowHasResult, uncertainOutcome } from './uncertainOutcome.ts';

const schema = {
  type: 'object',
  properties: { happened: { type: 'boolean' }, result: {} },
  required: ['happened'],
  additionalProperties: false,
};

/** Asks; `perform` performs it when it did not happen. */
export function askWhetherDone(run: FlowBody, pending: FlowCall, perform: () => void): void {
  const { id } = pending;
  if (run.life.stopReason !== undefined) return run.recorder.finish(pending, { outcome: uncertainOutcome(id) });
  // A write that nobody awaits is part of the flow; one that is awaited elsewhere, such as in a race that it has lost, is not needed for the result.
  if (run.life.hasValue && pending.promise.isTaken)
    return run.recorder.finish(pending, { outcome: uncertainOutcome(id, flowHasResult) });
  pending.onArrival = ({ outcome }) => {
    pending.onArrival = undefined;
    if (!outcome.ok)
      return run.recorder.finish(pending, { outcome: uncertainOutcome(id, 'Nobody has said whether it happened') });
    // The answer fits the schema.
    const { happened, result = null } = outcome.output as { readonly happened: boolean; readonly result?: Json };
    if (happened) run.recorder.finish(pending, { outcome: { ok: true, output: result } });
    else perform();
  };
  const time = (run.book.timesBegun.get(id) ?? 0) + pending.timesBegun;
  run.arrivals.request(pending, {
    kind: 'wait',
    // Each time is a question of its own: what was answered before is about another time.
    call: `${id}?${time}`,
    anew: time,
    ticket: {
      name: id,
      question: `"${id}" was under way when its process died or its time was up, and it must not happen twice. Did it happen? If it did: what did it give?`,
      schema,
      deadline: longestWait,
      onExpiry: 'fail',
    },
  });
}
