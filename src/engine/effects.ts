/** Performs effects: once per key, stoppable, and a write whose outcome is not known is never repeated (E2, E7). */
import { createActor, type AnyActorLogic } from 'xstate';
import type { ActorType } from '../core/actorType.ts';
import { backoff } from '../values/backoff.ts';
import { errorMessage } from '../values/cause.ts';
import { sleep } from '../values/clock.ts';
import type { EffectKind, EffectOptions, EffectScope, Outcome } from '../contracts/effect.ts';
import { toFailure, TroupeError } from '../values/failure.ts';
import { isJson, plainCopy, type Json } from '../values/json.ts';
import { wholeJson } from '../values/jsonLoss.ts';
import type { EffectData } from '../contracts/pending.ts';

/** What `effect()` adds to an actor logic. */
interface Performer {
  perform(input: unknown, scope: EffectScope): Promise<unknown>;
  readonly options: EffectOptions<unknown>;
}

/** The options of an effect of an actor type, by its name; undefined for plain logic of XState. */
export const effectOptionsOf = ({ chart }: ActorType, name: string): EffectOptions<unknown> | undefined =>
  (chart.machine.implementations.actors[name] as { effect?: Performer } | undefined)?.effect?.options;

const optionFor = <T extends string | boolean>(
  option: T | ((input: unknown) => T) | undefined,
  input: unknown,
  fallback: T,
): T => (typeof option === 'function' ? option(input) : (option ?? fallback));

/** Performs one effect to its end. Never rejects: an error is an outcome too. */
export async function performEffect(
  logic: AnyActorLogic & { readonly effect?: Performer },
  { src, input }: EffectData,
  scope: EffectScope,
): Promise<Outcome> {
  const { effect } = logic;
  try {
    if (!effect) return { ok: true, output: requireJson(src, await runPromiseActor(logic, input, scope.signal)) };
    const { retry } = effect.options;
    const isBlind = isBlindWrite(effect, input);
    if (scope.again && isBlind) throw uncertainError(src, scope.key);
    for (let attempt = 1; ; attempt++) {
      let output: unknown;
      try {
        output = await effect.perform(input, attempt === 1 ? scope : { ...scope, isRetried: true });
      } catch (thrown) {
        // Transient failures are tried again under the same key: they are not events of the machine (E2).
        if (isBlind || !retry || attempt >= retry.times) throw thrown;
        await pauseAfter(thrown, attempt, retry, scope);
        continue;
      }
      return { ok: true, output: requireJson(src, output, effect.options.immutable) };
    }
  } catch (thrown) {
    return { ok: false, failure: toFailure(thrown) };
  }
}

/** A write that does not honour its key: performed twice, it happens twice (E7). */
const isBlindWrite = ({ options }: Performer, input: Json): boolean =>
  optionFor<EffectKind>(options.kind, input, 'read') === 'write' && !optionFor(options.idempotent, input, false);

const uncertainError = (src: string, key: string) =>
  new TroupeError(
    'uncertain',
    `"${src}" may have happened before the process stopped, and it does not honour idempotency keys. Look it up, or ask a person.`,
    { data: { key } },
  );

/** Waits before the next attempt. Throws what was thrown when another attempt would be of no use. */
async function pauseAfter(
  thrown: unknown,
  attempt: number,
  { backoff: first = 500 }: NonNullable<EffectOptions<unknown>['retry']>,
  { clock, deadline, signal }: EffectScope,
): Promise<void> {
  const { retryable, retryAfter } = toFailure(thrown);
  if (!retryable || signal.aborted) throw thrown;
  const pause = Math.max(retryAfter ?? 0, backoff(attempt, { first, longest: longestPause }, clock.random()));
  // After the deadline the result would be of no use (E9).
  if (clock.now() + pause >= (deadline ?? Infinity)) throw thrown;
  await sleep(clock, pause, signal);
}

const longestPause = 60_000;

/** Runs a plain XState promise actor. XState reports nothing when it is stopped, so the promise is rejected here. */
function runPromiseActor(logic: AnyActorLogic, input: unknown, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const actor = createActor(logic, { input });
    const stop = () => {
      actor.stop();
      reject(new TroupeError('cancelled', 'Stopped while at work.'));
    };
    signal.addEventListener('abort', stop, { once: true });
    actor.subscribe({ next: ({ status, output }) => status === 'done' && resolve(output), error: reject });
    actor.start();
  });
}

function requireJson(src: string, output: unknown, isImmutable = false): Json {
  if (output === undefined) return null;
  if (isImmutable && isJson(output)) return output;
  try {
    return plainCopy(output, true) ?? wholeJson(output);
  } catch (cause) {
    throw new TroupeError('tool', `"${src}" must give JSON, which the ledger can keep; ${errorMessage(cause)}.`, {
      cause,
    });
  }
}
