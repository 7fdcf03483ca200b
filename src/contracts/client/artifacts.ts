/** What can be done with the values that runs have made. */
import type { Json } from '../../values/json.ts';
import type { ArtifactInfo, Page } from './execution.ts';

/** Artifacts. */
export interface ArtifactsClient {
  /** Those of a run in the order in which they were made, without their values. */
  list(
    exec: string,
    query?: {
      /** Only those with this name, and results of calls with this name. */
      readonly name?: string;
      /** Only those of this kind, such as `output` or `prompt`. */
      readonly kind?: string;
      /** Only those that this call has made: its name, invocation id or call id. */
      readonly producing_call?: string;
      /** How many at most; 100 by default. */
      readonly limit?: number;
      /** Where to go on, from the page before. */
      readonly cursor?: string;
    },
  ): Promise<Page<ArtifactInfo>>;
  /** With its value: `json` as it is; anything else as text. */
  get(
    artifact: string,
  ): Promise<ArtifactInfo & { readonly value: Json; readonly value_format: 'json' | 'text' | 'base64' }>;
  /** The bytes of its content. */
  read(artifact: string): AsyncIterable<Uint8Array>;
}
