/** `ctx.checkpoint` and `ctx.submit`: what is performed in this process, once. */
import { checkpointOptionNames, requireCallName, requireCheckpointOptions } from '../../src/flow/checkpoint.ts';
import type { CheckpointCall, CheckpointOptions } from '../../src/flow/checkpointOptions.ts';
import type { DurableCheckpoint } from '../../src/flow/context.ts';
import type { CallOptions, FlowFuture } from '../../src/flow/context.ts';
import { encodeValue } from '../../src/flow/encode.ts';
import { TroupeError } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { withoutSecrets } from '../../src/flow/withoutSecrets.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';
import { askWhetherDone } from './askWhetherDone.ts';
import { CallScope } from './callScope.ts';
import { cachedCall, usesCache } from './cachedCall.ts';
import { currentCheckpoint, callScopeOf } from './flowScope.ts';
import type { FlowBody } from './flowBody.ts';
import type { FlowCall } from './flowCall.ts';
import { inputHash } from './inputHash.ts';
import { performCall } from './performCall.ts';

/** The options that come with a call. */
export const callOptionNames: OptionNames<CallOptions> = { id: true, after: true };

const allOptionNames: OptionNames<CheckpointOptions & CallOptions> = { ...checkpointOptionNames, ...callOptionNames };

/** A checkpoint that is to be made. */
export interface CheckpointToMake {
  readonly name: string;
  readonly options: CheckpointOptions;
  readonly call: CallOptions;
  readonly work: (call: CheckpointCall) => unknown;
  /** What it is given; undefined for a function that takes nothing. */
  readonly input?: Json;
  /** Its result is taken by a future; false by default. */
  readonly isFuture?: boolean;
}

/** The parts of a context for checkpoints. */
export class CheckpointCalls {
  readonly #run: FlowBody;

  constructor(run: FlowBody) {
    this.#run = run;
  }

  /** Makes a checkpoint. Throws `scope` in a checkpoint that is not nested. */
  make({ name, options, call: { id, after }, work, input, isFuture = false }: CheckpointToMake): FlowCall {
    const run = this.#run;
    const futures = after === undefined ? [] : 'result' in after ? [after] : after;
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
        isFuture,
        waitedFor: futures.map((future) => future.id),
      },
      (pending) => void this.#begin(pending, { options, work, hash, futures }),
    );
  }

  async #begin(
    pending: FlowCall,
    {
      options,
      work,
      hash,
      futures,
    }: Pick<CheckpointToMake, 'options' | 'work'> & {
      readonly hash: string | undefined;
      readonly futures: readonly FlowFuture<unknown>[];
    },
  ): Promise<void> {
    const run = this.#run;
    for (const future of futures) await future.result().catch(() => {});
    // Waited for in any case: what the body is told in this moment may stop the call.
    const cached = await (usesCache(run, options, hash) ? cachedCall(run, pending, options, hash) : undefined);
    if (cached) return run.recorder.finish(pending, { outcome: cached }, 'cache');
    const perform = () => this.#perform(pending, options, work, hash);
    if (options.effect === 'write' && run.book.begun.has(pending.id)) askWhetherDone(run, pending, perform);
    else perform();
  }

  #perform(
    pending: FlowCall,
    options: CheckpointOptions,
    work: CheckpointToMake['work'],
    hash: string | undefined,
  ): void {
    const run = this.#run;
    const { id, made, controller } = pending;
    const key = run.keyOf(id);
    run.work.perform(pending, async () => {
      // What a checkpoint was given of a secret is not stored, wherever it has put it.
      const clean = <T>(value: T): T => {
        const redact = run.deps.redactor?.();
        return redact ? withoutSecrets(value, redact) : value;
      };
      const performed = await performCall({
        owner: run,
        id,
        name: made.name,
        key,
        seed: run.seed,
        around: pending.request.scope,
        run: work,
        options,
        // The calls inside have retries.
        retries: options.nested ? 0 : (options.retries ?? run.defaults.retries),
        scope: options.nested ? new CallScope(id, run.ids, run.book.sequence, pending.request.scope.time) : undefined,
        stopping: controller,
        clock: run.clock,
        before: run.book.attempts.get(id),
        callOf: (thrown) => run.calls.callOf(thrown),
        attempted: (record) => run.work.attempted(clean(record)),
        begins(attempt) {
          run.scope.onCall?.({ tool: id, isWrite: true, input: hash ?? null, key });
          return run.work.begins(pending, attempt, options.effect === 'write');
        },
      });
      const result = clean(performed);
      if (usesCache(run, options, hash)) await cachedCall(run, pending, options, hash, result.outcome);
      return result;
    });
  }

  /** Makes a reusable checkpoint. */
  reusable<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    input: Input,
    options: CallOptions = {},
    isFuture = false,
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
      isFuture,
    });
  }

  /** `ctx.checkpoint` in all its forms, as the overloads of its type say. */
  checkpoint(first: unknown, second: unknown, third?: unknown): Promise<unknown> {
    if (typeof first === 'object' && first !== null)
      return this.reusable(first as DurableCheckpoint<unknown, unknown>, second, third as CallOptions).promise;
    requireCallName('A checkpoint', first);
    const name = first as string;
    const [given, work] = typeof second === 'function' ? [{}, second] : [second ?? {}, third];
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
    const call = this.reusable(checkpoint, input, options, true);
    const result = () => {
      call.isTaken = true;
      // Its type is that of the checkpoint.
      return call.promise as Promise<Output>;
    };
    return { id: call.id, result, load: result };
  }
}
