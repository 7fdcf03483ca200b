/** `ctx.checkpoint` and `ctx.submit`: what is performed in this process, once. */
import { checkpointOptionNames, requireCallName, requireCheckpointOptions } from '../../src/flow/checkpoint.ts';
import type { CheckpointCall, CheckpointOptions } from '../../src/flow/checkpointOptions.ts';
import type { DurableCheckpoint } from '../../src/flow/context.ts';
import type { CallOptions, FlowFuture } from '../../src/flow/context.ts';
import { encodeValue } from '../../src/flow/encode.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';
import { askWhetherDone } from './askWhetherDone.ts';
import type { CheckpointToPerform } from './attemptCall.ts';
import { cachedCall, usesCache } from './cachedCall.ts';
import { currentCheckpoint, callScopeOf } from './flowScope.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import { inputHash } from './inputHash.ts';
import { isInDoubt, performCall, withoutGivenSecrets } from './performCall.ts';
import type { PerformedResult } from './performedResult.ts';
import { waitedFor, type WaitedFor } from './waitedFor.ts';

/** The options that come with a call. */
export const callOptionNames: OptionNames<CallOptions> = { id: true, after: true };

const noOptions = {} as const;

const allOptionNames: OptionNames<CheckpointOptions & CallOptions> = { ...checkpointOptionNames, ...callOptionNames };

/** A checkpoint that is to be made. */
export interface CheckpointToMake {
  readonly name: string;
  readonly options: CheckpointOptions;
  readonly call: CallOptions;
  readonly work: (call: CheckpointCall) => unknown;
  /** What it is given; undefined for a function that takes nothing. */
  readonly input?: Json;
}

/** Performs it, and keeps what it gave for later runs. */
function performed(run: FlowBody, checkpoint: CheckpointToPerform): PerformedResult | Promise<PerformedResult> {
  const result = performCall(run, checkpoint);
  return result instanceof Promise
    ? result.then((ended) => keptForLater(run, checkpoint, ended))
    : keptForLater(run, checkpoint, result);
}

function keptForLater(
  run: FlowBody,
  checkpoint: CheckpointToPerform,
  result: PerformedResult,
): PerformedResult | Promise<PerformedResult> {
  const clean = withoutGivenSecrets(run, result);
  return usesCache(run, checkpoint) ? cachedCall(run, checkpoint, clean.outcome).then(() => clean) : clean;
}

/** The parts of a context for checkpoints. */
export class CheckpointCalls {
  readonly #run: FlowBody;

  constructor(run: FlowBody) {
    this.#run = run;
  }

  /** Makes a checkpoint. Throws `scope` in a checkpoint that is not nested. */
  make({ name, options, call: { id, after }, work, input }: CheckpointToMake): FlowCall {
    const run = this.#run;
    const before = waitedFor(`ctx.checkpoint("${name}")`, after);
    const hash = input === undefined ? undefined : inputHash(input);
    return run.calls.make(
      {
        kind: 'checkpoint',
        name,
        scope: callScopeOf(run, `ctx.checkpoint("${name}")`, currentCheckpoint()),
        id,
        input: hash,
        type: options.type,
        isScope: options.nested === true,
        waitedFor: before.ids,
      },
      (made) => this.#begin({ call: made, options, work, hash }, before),
    );
  }

  /** Begins it after what the body is told in this moment, which may stop it. */
  #begin(checkpoint: CheckpointToPerform, before: WaitedFor): void {
    const begin = () =>
      usesCache(this.#run, checkpoint) ? this.#performCached(checkpoint) : this.#perform(checkpoint);
    void before.ended().then(begin);
  }

  async #performCached(checkpoint: CheckpointToPerform): Promise<void> {
    const cached = await cachedCall(this.#run, checkpoint);
    if (cached) this.#run.recorder.finish(checkpoint.call, { outcome: cached }, 'cache');
    else this.#perform(checkpoint);
  }

  #perform(checkpoint: CheckpointToPerform): void {
    const run = this.#run;
    const { call, options } = checkpoint;
    const work = () => performed(run, checkpoint);
    if (options.effect !== 'write') return run.work.perform(call, work);
    const perform = () =>
      run.work.perform(call, work, (result) => {
        if (isInDoubt(checkpoint, result)) askWhetherDone(run, call, perform);
        else run.recorder.finish(call, result);
      });
    if (run.book.begun.has(call.id)) askWhetherDone(run, call, perform);
    else perform();
  }

  /** Makes a reusable checkpoint. */
  reusable<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    input: Input,
    options: CallOptions = {},
  ): FlowCall {
    const { name } = checkpoint;
    requireOptions(`ctx.checkpoint("${name}")`, options, callOptionNames);
    const { json } = encodeValue(`What the checkpoint "${name}" is given`, input);
    return this.make({
      name,
      options: checkpoint.options,
      call: options,
      work: (call) => checkpoint.run(input, call),
      input: json,
    });
  }

  /** `ctx.checkpoint` in all its forms, as the overloads of its type say. */
  checkpoint(first: unknown, second: unknown, third?: unknown): Promise<unknown> {
    if (typeof first === 'object' && first !== null)
      return this.reusable(first as DurableCheckpoint<unknown, unknown>, second, third as CallOptions).promise;
    requireCallName('A checkpoint', first);
    const name = first as string;
    if (typeof second === 'function')
      return this.make({ name, options: noOptions, call: noOptions, work: second as CheckpointToMake['work'] }).promise;
    const [given, work] = [second ?? {}, third];
    if (typeof work !== 'function')
      throw new TroupeError(
        'definition',
        `The checkpoint "${name}" needs a function: ctx.checkpoint(name, async () => …).`,
      );
    requireOptions(`checkpoint "${name}"`, given, allOptionNames);
    const { id, after, ...options } = given as CheckpointOptions & CallOptions;
    const call = { ...(id === undefined ? {} : { id }), ...(after === undefined ? {} : { after }) };
    return this.make({
      name,
      options: requireCheckpointOptions(name, options),
      call,
      work: work as CheckpointToMake['work'],
    }).promise;
  }

  submit<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    input: Input,
    options?: CallOptions,
  ): FlowFuture<Output> {
    const { id, promise } = this.reusable(checkpoint, input, options);
    // Its type is that of the checkpoint.
    const result = () => promise as Promise<Output>;
    return { id, result, load: result };
  }
}
