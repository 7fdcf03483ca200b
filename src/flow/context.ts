/** What the body of a flow is given: the calls that are recorded, and what belongs to its run. */
import type * as z from 'zod';
import type { ArtifactType } from '../contracts/flow/record.ts';
import type { ModelChoice } from '../contracts/model.ts';
import type { Duration } from '../values/duration.ts';
import type { Failure } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { CheckpointCall, CheckpointOptions } from './checkpointOptions.ts';

/** Where a call stands among the others. Every field may be left out. */
export interface CallOptions {
  /** Its invocation id, instead of one made from its name. Unique in the run. */
  readonly id?: string;
  /** It begins when these have ended, and is performed again when one of them is. None by default. */
  readonly after?: FlowFuture<unknown> | readonly FlowFuture<unknown>[];
}

/** A call that has begun. */
export interface FlowFuture<Output> {
  /** Its invocation id. */
  readonly id: string;
  /** Its result. Rejects as the call does. */
  result(): Promise<Output>;
  /** The same as `result`. */
  load(): Promise<Output>;
}

/** How the items of `map` and `product` are worked on. Every field may be left out. */
export interface MapOptions {
  /** How many are under way at once; 100 by default. */
  readonly concurrency?: number;
  /** `stop`: the first that fails ends it, and those under way are told to stop; the default. `collect`: each gives `{ ok, value }` or `{ ok, failure }`. */
  readonly onFailure?: 'stop' | 'collect';
}

/** How one item of `map` ended with `onFailure: 'collect'`. */
export type FlowItemResult<Output> =
  | {
      readonly ok: true;
      /** What the checkpoint gave for the item. */
      readonly value: Output;
    }
  | {
      readonly ok: false;
      /** Why the checkpoint failed for the item, after its last attempt. */
      readonly failure: Failure;
    };

/** What is asked of a person or another program. Every field may be left out. */
export interface WaitOptions<Schema extends z.ZodType = z.ZodType> {
  /** The name under which it is answered, and its invocation id; `wait`, `wait_2` … by default. */
  readonly name?: string;
  /** What an answer must fit; without one it only asks to go on, and gives null. */
  readonly schema?: Schema;
  /** The question, for people; its name by default. */
  readonly question?: string;
  /** How long it stays open; without end by default. */
  readonly deadline?: Duration;
  /** What it gives when nobody has answered by the deadline. Without one it rejects with `expired`. */
  readonly default?: z.input<Schema>;
  /** Facts for those who answer; none by default. */
  readonly metadata?: JsonObject;
}

/** What `save` keeps beside the value. Every field may be left out. */
export interface SaveOptions {
  /** What it is, for people; `output` by default. */
  readonly type?: ArtifactType;
  /** Words to find it by; none by default. */
  readonly tags?: readonly string[];
  /** For text and bytes: what they are, such as `text/markdown`. */
  readonly mediaType?: string;
}

/** An artifact, without its content. */
export interface ArtifactRef {
  /** The run that has it. */
  readonly run: string;
  /** Unique in its run: the call, and the name. */
  readonly id: string;
  /** The name that it was saved under. */
  readonly name: string;
  /** What it is, for people. */
  readonly type: ArtifactType;
  /** SHA-256 of its content, in hexadecimal. */
  readonly hash: string;
  /** The length of its content in bytes. */
  readonly bytes: number;
}

/** What `llm` takes beside the prompt. Every field may be left out. */
export interface LlmOptions {
  /** A model of the gateway, such as `openai:gpt-5-mini`, a group of models, or a model object; that of the run, of its flow, or of `TROUPE_MODEL` by default. */
  readonly model?: ModelChoice;
  /** The system prompt; none by default. */
  readonly system?: string;
  /** The sampling temperature; the model's own by default. */
  readonly temperature?: number;
  /** The most tokens of the answer; the limit of the model by default. */
  readonly maxTokens?: number;
  /** Its name, from which in a flow its invocation id is made: further calls of one name are `name_2`, `name_3` … `llm` by default. */
  readonly name?: string;
}

/** A message for a model. */
export interface LlmMessage {
  /** Who says it. System texts come first. */
  readonly role: 'system' | 'user' | 'assistant';
  /** The text. */
  readonly content: string;
}

/** Something that a flow can run as its child: a flow, an agent, a team, a workflow. It is listed in the flow's `uses`. */
export interface FlowChild {
  /** What it is: `flow`, `agent`, `team`, `workflow`, … */
  readonly kind: string;
  /** The name of its definition. */
  readonly name: string;
}

/** The types of a child flow, which other children do not have. */
export interface TypedChild<Input, Output> extends FlowChild {
  /** Only for the compiler: it never has a value. */
  readonly types?: {
    /** What it is given. */
    readonly input: Input;
    /** What it gives. */
    readonly output: Output;
  };
}

/** A checkpoint that can be performed in any flow. */
export interface DurableCheckpoint<Input, Output> {
  readonly kind: 'checkpoint';
  /** Its name, from which the ids of its calls are made. */
  readonly name: string;
  /** How it is performed. */
  readonly options: CheckpointOptions;
  /** What is performed. */
  readonly run: (input: Input, call: CheckpointCall) => Output | Promise<Output>;
  /** The same as `ctx.checkpoint(this, input)`. */
  call(ctx: FlowContext, input: Input, options?: CallOptions): Promise<Output>;
  /** The same as `ctx.submit(this, input)`. */
  submit(ctx: FlowContext, input: Input, options?: CallOptions): FlowFuture<Output>;
  /** The same as `ctx.map(this, items)`. */
  map(ctx: FlowContext, items: Iterable<Input>, options?: MapOptions): Promise<Output[]>;
  /** The same as `ctx.map(this, items, { onFailure: 'collect' })`: how each item ended, in the order of the items. */
  mapAll(
    ctx: FlowContext,
    items: Iterable<Input>,
    options?: Omit<MapOptions, 'onFailure'>,
  ): Promise<FlowItemResult<Output>[]>;
}

/**
 * The context of a flow's body. Everything that takes time or reaches outside is one of its calls; what lies between them is run again whenever the body is begun
 * again, and must do the same then.
 */
export interface FlowContext {
  // Of several forms of a call the most used stands last: newer compilers show only its errors.

  /** The id of the run. */
  readonly executionId: string;
  /** The run that this one replays; undefined for any other. */
  readonly replayOf: string | undefined;

  /** Performs a reusable checkpoint. */
  checkpoint<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    input: Input,
    options?: CallOptions,
  ): Promise<Output>;
  /** Performs `run` once, and records what it gives. Rejects with what it threw, after its last attempt. */
  checkpoint<Output>(name: string, run: (call: CheckpointCall) => Output): Promise<Awaited<Output>>;
  /** The same, performed as the options say. */
  checkpoint<Output>(
    name: string,
    options: CheckpointOptions & CallOptions,
    run: (call: CheckpointCall) => Output,
  ): Promise<Awaited<Output>>;
  /** Begins a reusable checkpoint, to be waited for later. */
  submit<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    input: Input,
    options?: CallOptions,
  ): FlowFuture<Output>;
  /** Performs a checkpoint for each item, and gives how each ended, in the order of the items. Their ids are its name and the number of the item. */
  map<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    items: Iterable<Input>,
    options: MapOptions & { readonly onFailure: 'collect' },
  ): Promise<FlowItemResult<Output>[]>;
  /** The same, but gives the results; rejects as the first item that fails. */
  map<Input, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    items: Iterable<Input>,
    options?: MapOptions,
  ): Promise<Output[]>;
  /** Performs a checkpoint for each combination of values, the last one changing first. */
  product<Input extends object, Output>(
    checkpoint: DurableCheckpoint<Input, Output>,
    values: { readonly [Key in keyof Input]: readonly Input[Key][] },
    options?: MapOptions,
  ): Promise<Output[]>;

  /** Asks a person or another program only to go on, and gives null. Waits also when no process is alive. */
  wait(
    options?: Omit<WaitOptions, 'schema' | 'default'> & {
      /** Given in the form below. */
      readonly schema?: never;
      /** Given in the form below. */
      readonly default?: never;
    },
  ): Promise<null>;
  /** The same, and gives the answer. A question that is withdrawn ends the flow. */
  wait<Schema extends z.ZodType>(
    options: WaitOptions<Schema> & {
      /** What an answer must fit. */
      readonly schema: Schema;
    },
  ): Promise<z.output<Schema>>;
  /** The next value that was sent under this name; each is given once, in the order in which they came. */
  signal<Schema extends z.ZodType>(name: string, schema: Schema): Promise<z.output<Schema>>;
  /** The same without a schema: the value as it was sent. */
  signal(name: string): Promise<Json>;
  /** Waits. Nothing is kept in memory for a long time. */
  sleep(duration: Duration): Promise<void>;
  /** Runs a child, and gives its result. It is cancelled with this flow. */
  run<Input, Output>(child: TypedChild<Input, Output>, input: Input, options?: CallOptions): Promise<Output>;

  /**
   * Does what a cancel does not reach, such as undoing what was done: the checkpoints in it are performed and recorded also after the flow was told to stop, and gone on
   * with by another process. It takes no waits, signals, pauses and children, which reject with `scope`. Not in a checkpoint.
   * @example try { … } finally { await ctx.nonCancellable(() => ctx.checkpoint('release', ({ key }) => release(key))) }
   */
  nonCancellable<Output>(work: () => Output): Promise<Awaited<Output>>;

  /** Adds facts about the checkpoint that it is called in, or else about the run. Later values replace earlier ones; objects are merged. */
  log(facts: JsonObject): void;
  /** Saves a value under a name. Only in a checkpoint. */
  save(name: string, value: unknown, options?: SaveOptions): Promise<ArtifactRef>;
  /** Loads what a checkpoint of a run has saved under this name, or has returned when it is the checkpoint's own name. Only in a checkpoint. */
  load(executionId: string, name: string): Promise<unknown>;
  /** Asks a model for a text. In a flow it is a checkpoint of its own; in a checkpoint it is a part of that. */
  llm(prompt: string | readonly LlmMessage[], options?: LlmOptions): Promise<string>;
  /** The values of a stored secret. Only in a checkpoint; what it gives is hidden wherever it would be written. */
  secret(name: string): Promise<Readonly<Record<string, string>>>;

  /** The time at which the last call ended, in milliseconds since the epoch: the same whenever the body is run again. */
  now(): number;
  /** A random number from 0 to below 1: the same whenever the body is run again. */
  random(): number;
  /** A random UUID: the same whenever the body is run again. */
  uuid(): string;
}
