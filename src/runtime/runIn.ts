/** Runs a definition to its end in a runtime that is open already. */
import { requireOptions, type OptionNames } from '../values/options.ts';
import { TroupeError } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import type { CallSettings } from '../contracts/flow/settings.ts';
import type { Duration } from '../values/duration.ts';
import { attach } from './attach.ts';
import { resultOf } from './result.ts';
import type { Runtime, Ticket } from './runtime.ts';
import type { InputFor, OutputFor } from './runTypes.ts';
import { runtimeOptionNames, type RuntimeOptions } from './runtimeOptions.ts';
import { callSettingNames } from './startOptions.ts';
import type { Runnable } from '../define/runnable.ts';
import { systemClock } from '../engine/clock.ts';

/** Options of `run`: those of the runtime, and those of one run. */
export interface RunOptions extends RuntimeOptions, CallSettings {
  /** The key of the run: any number of calls with the same key are one run. At most 200 of a-z, 0-9 and ". _ -", a letter or digit first. A new run by default. */
  readonly key?: string;
  /** How long the run may take from now, as a duration such as '2m' or in milliseconds; the limit of the definition by default. */
  readonly deadline?: Duration;
  /** When the run of this key has failed, goes on from the step that failed, with the definition of today; what succeeded is kept. Otherwise it changes nothing; false by default. */
  readonly retry?: boolean;
  /** Called with each ticket when only a person can move the run on; gives the answer. Without it the run waits for an answer from another process. */
  readonly onTicket?: (ticket: Ticket) => Json | Promise<Json>;
}

/** The options for the runtime. Throws `definition` for an option that `run` does not have; `what` is what was called. */
export function runtimePartOf(what: string, options: RunOptions): RuntimeOptions {
  requireOptions(what, options, runOptionNames);
  const rest: Partial<Record<string, unknown>> = { ...options };
  for (const name of ownOptionNames) delete rest[name];
  // What is left are those of the runtime.
  return rest as RuntimeOptions;
}

const runOnlyNames: OptionNames<Omit<RunOptions, keyof RuntimeOptions>> = {
  ...callSettingNames,
  key: true,
  deadline: true,
  retry: true,
  onTicket: true,
};
const ownOptionNames = Object.keys(runOnlyNames);
const runOptionNames: OptionNames<RunOptions> = { ...runtimeOptionNames, ...runOnlyNames };

/** Does what `run()` does in a runtime that is open already. */
export async function runIn<S extends Runnable>(
  runtime: Runtime,
  subject: S,
  input: InputFor<S>,
  { key, deadline, retry, onTicket, retries, cache, concurrency, model, clock = systemClock() }: RunOptions,
): Promise<OutputFor<S>> {
  const begin = () =>
    runtime.start<Runnable>(subject, input, {
      ...(key === undefined ? {} : { key }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(retry === undefined ? {} : { retry }),
      ...(retries === undefined ? {} : { retries }),
      ...(cache === undefined ? {} : { cache }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(model === undefined ? {} : { model }),
    });
  const handle = await (key === undefined ? begin() : attach(begin, clock));
  let end: ReturnType<typeof handle.outcome> | undefined;
  for (;;) {
    const outcome = await handle.outcome({ returnWhenWaiting: onTicket !== undefined && 'tickets' });
    // What comes out was checked by the schema of its message; the types say which.
    if (outcome.status !== 'waiting') return resultOf(handle, outcome) as OutputFor<S>;
    for (const ticket of outcome.tickets) {
      if (!onTicket) break; // Without it the runtime waits on by itself.
      // Before `end`: when it throws at once, nobody would wait for that one.
      const asked = Promise.resolve(onTicket(ticket)).then((given) => ({ given }));
      // The run may end before the answer is there: at its deadline, or because it is cancelled.
      end ??= handle.outcome();
      const answer = await Promise.race([asked, end]);
      if (!('given' in answer)) break;
      await runtime.answer(ticket.id, answer.given).catch(unlessSettled);
    }
  }
}

/** The ticket has expired, or was answered elsewhere: the run goes on either way. */
function unlessSettled(thrown: unknown): void {
  if (!(thrown instanceof TroupeError) || (thrown.kind !== 'conflict' && thrown.kind !== 'expired')) throw thrown;
}
