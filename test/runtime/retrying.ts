/** Runs of machines with effects that do as they are told, each started or retried in a process of its own. */
import { effect, TroupeError, type FailureKind, type Runnable } from 'troupe';
import { testRuntime } from 'troupe/testing';
import type { Journal } from '../../src/journal/journal.ts';
import type { Json } from '../../src/values/json.ts';

/** Starts or retries the run in a process of its own, and tells how it stands after half an hour. */
export async function attempt(journal: Journal, subject: Runnable, retry: boolean) {
  await using runtime = await testRuntime({ journal });
  const handle = retry ? await runtime.retry('k', subject) : await runtime.start(subject, null, { key: 'k' });
  await runtime.advance('30m');
  const row = await journal.find({ actor: handle.root });
  return row[0]?.status === 'active' ? { status: 'active' } : handle.outcome();
}

interface Call {
  readonly key: string;
  readonly again: boolean;
  readonly input: unknown;
}
/** An effect that does as told by `how`, and notes each time that it is performed. */
export function act(how: (call: Call) => Json | Promise<Json>, options: object = {}) {
  const calls: Call[] = [];
  const does = effect(
    async (input: unknown, { key, again }) => {
      const call = { key, again, input };
      calls.push(call);
      return how(call);
    },
    { kind: 'read', ...options },
  );
  return { calls, does };
}
export type Act = ReturnType<typeof act>;

export const failing = (kind: FailureKind) => (): never => {
  throw new TroupeError(kind, 'It is broken.', { retryable: false });
};
export const never = () => new Promise<Json>(() => {});
