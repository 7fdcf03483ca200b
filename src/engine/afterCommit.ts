/** What happens after a commit and is not stored: emitted events, log lines, and actions with code of their own. None of it can harm the actor. */
import { toFailure, TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { Action } from '../core/chart.ts';
import type { CommitBuilder } from '../core/commitBuilder.ts';
import type { EngineContext } from './context.ts';

/** Publishes and logs, and runs the custom actions of a step; failures are reported as progress. */
export function afterCommit(
  { emits, undeliverable, customActions, actor: stepActor }: CommitBuilder,
  { clock, report, publish }: EngineContext,
): void {
  const { run, address: actor } = stepActor;
  for (const event of emits) {
    const id = `${actor}/${clock.id()}`;
    const envelope = { id, type: event.type, body: event, from: actor, to: actor, run, kind: 'event' as const };
    publish(`${actor.replace('/', '.')}.${event.type}`, envelope);
  }
  for (const { id, type, from, failure } of undeliverable)
    report({ type: 'dead', at: clock.now(), run, actor, message: { id, type, from }, failure });
  if (customActions.length === 0) return;
  const reportProgress = (key: string, note: object) =>
    report({ type: 'progress', at: clock.now(), run, actor, key, note: note as Json });
  for (const action of customActions) {
    if (action.type === 'xstate.log') {
      const { label, value } = action.params as { label?: string; value: unknown };
      reportProgress('log', { ...(label === undefined ? {} : { label }), value: printable(value) });
      continue;
    }
    // At most once, and after the commit: a failure is a warning and changes nothing.
    perform(action).catch((thrown: unknown) => {
      const failure = toFailure(thrown);
      const message = `The action "${action.type}" of ${actor} failed after its step, which holds: ${failure.message}`;
      reportProgress(action.type, { type: 'warning', message, action: action.type, failure });
    });
  }
}

/** Async, so that a rejected promise is caught as well. */
const perform = async ({ exec, info, params }: Action): Promise<void> =>
  exec?.({ ...info, self: selfWithoutSend as never }, params);

/** `self.send` in an action would be lost in a crash and after a restart; the machine can `raise` or `sendTo` instead. */
const selfWithoutSend = {
  send() {
    throw new TroupeError(
      'unsupported',
      'An action cannot self.send(): it would be lost in a crash. Use raise or sendTo, which are part of the commit.',
    );
  },
};

function printable(value: unknown): Json {
  try {
    return (JSON.parse(JSON.stringify(value) ?? 'null') as Json) ?? null;
  } catch {
    return String(value);
  }
}
