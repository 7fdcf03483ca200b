/** A run as a stream: what its agents say, think and do, while they do it. */
import type { Runnable } from '../define/runnable.ts';
import { streamEvents, type StreamEvent } from '../observe/streamEvents.ts';
import { eventQueue } from './eventQueue.ts';
import { openRuntime } from './runtime.ts';
import { runIn, runtimePartOf, type RunOptions } from './runIn.ts';
import type { InputFor, OutputFor } from './runTypes.ts';

/** The last event of a stream. A run that fails ends the stream with its `TroupeError` instead. */
export interface RunDone<Output> {
  /** The run has ended well. */
  readonly type: 'done';
  /** What `run()` resolves with. */
  readonly output: Output;
}

/**
 * Runs a definition as `run()` does, and gives its events while it goes on; the last one is `done`. Throws the `TroupeError` that ended the run.
 * Leaving the loop early parks the run: with a `key` the same call continues it, and what is stored is not repeated.
 * What happened before this call, in another process, is not given again.
 * @example for await (const event of run.stream(writer, 'Whales.')) if (event.type === 'text') process.stdout.write(event.text);
 */
export async function* stream<S extends Runnable>(
  subject: S,
  input: InputFor<S>,
  options: RunOptions = {},
): AsyncGenerator<StreamEvent | RunDone<OutputFor<S>>, void, undefined> {
  await using runtime = await openRuntime(runtimePartOf('run.stream', options));
  const queue = eventQueue();
  const translate = streamEvents(subject.name);
  using _ = runtime.observe((event) => translate(event).forEach(queue.push));
  const running = runIn(runtime, subject, input, options).finally(queue.end);
  // When the loop is left early, nobody waits for the end: disposing the runtime parks the run.
  running.catch(() => {});
  for (let event = await queue.next(); event; event = await queue.next()) yield event;
  yield { type: 'done', output: await running };
}
