/** Asks a user's check within a time limit, and reads its answer so that everything but a clear yes is a no. */
import { sleep, type Clock } from '../src/values/clock.ts';
import { failureKinds, toFailure, type FailureKind } from '../src/values/failure.ts';
import type { CheckResult } from '../machines/guardrail/events.ts';
import { propertiesOf } from '../src/values/properties.ts';

const rejected = (reason: string, kind: FailureKind = 'denied'): CheckResult => ({ ok: false, kind, reason });

const isKind = (kind: unknown): kind is FailureKind => typeof kind === 'string' && Object.hasOwn(failureKinds, kind);

/** What a check answered, as a verdict. */
export function checkResultOf(says: unknown): CheckResult {
  if (says === true) return { ok: true };
  if (says === false) return rejected('its check said no');
  if (typeof says === 'string') return rejected(says.trim() === '' ? 'its check said no' : says);
  const { reason, kind = 'denied', retryAfter } = propertiesOf(says);
  if (typeof reason !== 'string' || !isKind(kind))
    return rejected(
      `its check said neither yes nor no: it must give true, false, or why not; it gave ${says === undefined ? 'nothing' : typeof says}`,
    );
  const after = typeof retryAfter === 'number' && retryAfter >= 0 ? { retryAfter } : {};
  return { ok: false, kind, reason, ...after };
}

/**
 * Asks a check. Never rejects: a check that throws, or gives no answer within `limit` milliseconds, says no.
 * An answer that is not a promise needs no timer.
 */
export async function askCheckInTime<T>(
  ask: () => T | Promise<T>,
  { clock, limit }: { clock: Clock; limit: number },
): Promise<{ readonly says: T } | { readonly failed: CheckResult }> {
  try {
    const says = ask();
    return says instanceof Promise ? await answerInTime(says, clock, limit) : { says };
  } catch (thrown) {
    return { failed: rejected(`its check broke, so nothing is let through: ${toFailure(thrown).message}`) };
  }
}

async function answerInTime<T>(answer: Promise<T>, clock: Clock, limit: number) {
  const stopTimer = new AbortController();
  const late = sleep(clock, limit, stopTimer.signal).then(
    () => ({ failed: rejected(`its check gave no answer within ${limit} ms, so nothing is let through`) }),
    () => ({ failed: rejected('it was stopped') }),
  );
  try {
    return await Promise.race([answer.then((says) => ({ says })), late]);
  } finally {
    stopTimer.abort();
  }
}
