/** What the body of a flow is run with. */
import type { FlowChildKind } from '../../src/contracts/flow/child.ts';
import type { ArtifactRef, FlowChild, LlmMessage, LlmOptions, SaveOptions } from '../../src/flow/context.ts';
import type { Flow } from '../../src/flow/flow.ts';
import type { FlowArtifactRecord } from '../../src/contracts/flow/record.ts';
import type { StepCache } from '../../src/contracts/workflow/stepCache.ts';
import type { StoredSettings } from '../../src/contracts/flow/settings.ts';
import type { EffectScope } from '../../src/contracts/effect.ts';
import type { Artifact } from '../../src/contracts/media.ts';
import type { Json, JsonObject } from '../../src/values/json.ts';

/** Where artifacts are kept and found. */
export interface FlowArtifacts {
  /** Stores a value, and gives its record without the call and the time. Rejects with `code` for what cannot be stored. */
  save(
    name: string,
    value: unknown,
    options: SaveOptions,
  ): Promise<
    Pick<FlowArtifactRecord, 'type' | 'tags' | 'content' | 'hash' | 'bytes' | 'value' | 'encoded' | 'mediaType'>
  >;
  /**
   * What a run has under a name, with the id of its artifact. `unstored`: what the checkpoint that asks has saved itself. Rejects with `invalid` when there is nothing, or
   * more than one.
   */
  load(
    run: string,
    name: string,
    unstored?: readonly FlowArtifactRecord[],
  ): Promise<{ readonly ref: Pick<ArtifactRef, 'run' | 'id'>; readonly value: unknown }>;
}

/** A text of a model, and what it took. */
export interface LlmAnswer {
  readonly text: string;
  /** What was sent. */
  readonly messages: readonly LlmMessage[];
  /** For the metadata of the call: models, tokens, milliseconds. */
  readonly facts: JsonObject;
}

/** Where a child is run. */
export interface ChildPlace {
  /** How many flows are around it. */
  readonly depth: number;
  readonly settings: StoredSettings;
  /** The address of the flow, which keeps the images and files that the child is given. */
  readonly holder: string;
}

/** What a child starts with. */
export interface ChildInput {
  readonly input: Json;
  /** The images and files that it is given by reference; none by default. */
  readonly artifacts?: readonly Artifact[];
}

/** What the body of a flow is run with; what is missing is refused when the body asks for it. */
export interface FlowDeps {
  readonly flow: Flow;
  /** It is called by an agent as a tool, so its result is for a model; false by default. */
  readonly isTool?: boolean;
  /** The name under which a child is provided, what it is, and what it starts with. Throws `definition` for one that is not in `uses`, `invalid` for input that does not fit. */
  child(
    child: FlowChild,
    input: unknown,
    place: ChildPlace,
  ): {
    readonly source: string;
    /** What it is. */
    readonly kind: FlowChildKind;
    /** What it starts with as the call at this path, from the root. `keys`: what the keys of its calls begin with, where that is another than usual. */
    inputAt(path: string, keys: string | undefined): ChildInput | Promise<ChildInput>;
  };
  /** Tells the flow of this address that its body has something to say. */
  wake?(actor: string): void;
  readonly artifacts?: (scope: EffectScope) => FlowArtifacts;
  llm?(
    prompt: string | readonly LlmMessage[],
    options: LlmOptions,
    scope: Pick<EffectScope, 'key' | 'signal' | 'clock' | 'actor' | 'run' | 'deadline' | 'progress'>,
  ): Promise<LlmAnswer>;
  /** The values of a secret. Rejects with `invalid` when there is none of that name. */
  secret?(name: string): Promise<Readonly<Record<string, string>>>;
  /** What hides the values of the secrets that were given, in a text that is about to be stored; undefined while none was given. */
  redactor?(): ((text: string) => string) | undefined;
  /** Keeps results for later runs. */
  readonly cache?: StepCache;
  /** How long a body that can do nothing is kept in memory, in milliseconds; 10,000 by default. */
  readonly keepFor?: number;
}
