/** A gateway file as it was written and checked by its schema: which providers of models there are, and the groups that workflows name. Templates of `env` in it are not resolved. */
import type { EnvironmentVariable } from './environment.ts';

/** A gateway file. */
export interface GatewayFileDefinition {
  readonly kind: 'gateway';
  /** The absolute path of the file. */
  readonly file: string;
  /** The variables that its templates may read. */
  readonly env: readonly GatewayVariable[];
  /** In the order of the file. */
  readonly providers: readonly GatewayProvider[];
  /** In the order of the file. */
  readonly groups: readonly ModelGroup[];
}

/** A variable that templates of the gateway file may read, and where it is declared. */
export interface GatewayVariable extends EnvironmentVariable, FilePlace {}

/** A place in the gateway file. */
export interface FilePlace {
  /** From 1. */
  readonly line: number;
  /** From 1; 1 by default. */
  readonly column?: number;
}

/** A provider of models. */
export interface GatewayProvider extends FilePlace {
  /** The part of a model entry in front of its first slash. */
  readonly name: string;
  /** `openai`, `anthropic`, `google` or `offline`; another one is refused when the gateway is opened. */
  readonly type: string;
  /** `base_url`, `api_key`; texts as they were written, with templates anywhere in them. */
  readonly config: Readonly<Record<string, string>>;
}

/** How the models of a group take turns. */
export type GroupStrategy = 'round_robin' | 'fallback' | 'least_latency' | 'cost_optimized';

/** A group of models. */
export interface ModelGroup extends FilePlace {
  /** The name by which agents ask for it. */
  readonly name: string;
  /** `provider/model`, as they were written; what does not fit fails when it is called. */
  readonly models: readonly string[];
  /** `round_robin` by default. */
  readonly strategy: GroupStrategy;
  /** Sent with every call that has none of its own; by default none is sent. */
  readonly temperature?: number;
  /** Prices of its models, in place of the built-in ones. */
  readonly pricing: readonly ModelPricing[];
}

/** The price of a model in its group, in US dollars per million tokens. */
export interface ModelPricing {
  /** The id of the model without its provider. */
  readonly model: string;
  /** Of what the model reads. */
  readonly input: number;
  /** Of what the model writes. */
  readonly output: number;
}
