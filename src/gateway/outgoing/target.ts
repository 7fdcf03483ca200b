/** The model that a request goes to, as far as its form depends on it. */
import type { MediaKind } from '../../contracts/media.ts';

/** A model, and what it takes. */
export interface Target {
  /** `provider:model`. */
  readonly id: string;
  /** Schemas of tools: `gemini` takes no references, and a smaller part of JSON Schema. */
  readonly schemas: 'gemini' | 'references';
  /** Does the model take a part of this kind and media type? */
  accepts(kind: MediaKind, mediaType: string): boolean;
  /** Where images and files of a tool's result go: into the result, or into a message after it. */
  readonly resultMedia: 'result' | 'message';
  /** Two messages of the user in a row stay two. Otherwise they become one: some models want the sides to alternate. */
  readonly apart: boolean;
}
