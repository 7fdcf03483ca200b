/** Images, audio and files in messages. A message refers to its artifacts by hash; their bytes are in the list of artifacts of one actor of the run, once. */
import * as z from 'zod';
import { cutText } from '../values/text.ts';

/** What a part is, for a model. */
export const MediaKind = z.enum(['image', 'audio', 'file']);
export type MediaKind = z.infer<typeof MediaKind>;

/** An image, audio or a file in a message. */
export const MediaPart = z.object({
  /** What it is, for a model. */
  type: MediaKind,
  /** Its media type, such as `image/png`. */
  mediaType: z.string(),
  /** The SHA-256 of its bytes, in hexadecimal: the artifact's id. */
  artifact: z.string(),
  /** How many bytes it has. */
  bytes: z.number().int().nonnegative(),
  /** The name of its file; none by default. */
  name: z.string().exactOptional(),
  /** The address of the actor whose list of artifacts has its bytes; by default the actor that has the message. */
  at: z.string().exactOptional(),
});
export type MediaPart = z.infer<typeof MediaPart>;

/** An artifact as it is stored and passed on. */
export const Artifact = MediaPart.extend({
  /** Its bytes, in base64. */
  data: z.string(),
});
export type Artifact = z.infer<typeof Artifact>;

/** The list of an actor that holds its artifacts. They are known by their content, so the list goes on when the actor is restarted. */
export const artifactList = 'artifacts';

/** The reference to an artifact, without its bytes. */
export const partOfArtifact = ({ data: _, ...part }: Artifact): MediaPart => part;

/** Each artifact once, in the order in which they came; of many the last ones. */
export function distinctParts(...lists: readonly (readonly MediaPart[] | undefined)[]): MediaPart[] {
  const byId = new Map(lists.flatMap((parts = []) => parts).map((part) => [part.artifact, part]));
  return [...byId.values()].slice(-maxPassedOn);
}

/** How many parts an answer, or a message that is handed on, has at most. */
const maxPassedOn = 50;

/** A field `parts`; nothing when there are none. */
export const partsIn = (parts: readonly MediaPart[] | undefined): { parts?: MediaPart[] } =>
  parts === undefined || parts.length === 0 ? {} : { parts: [...parts] };

/** The largest artifact, in bytes. */
export const maxArtifactBytes = 20 * 1024 * 1024;

/** What an image, audio or file is for a model, by its media type. */
export const mediaKindOf = (mediaType: string): MediaKind =>
  mediaType.startsWith('image/') ? 'image' : mediaType.startsWith('audio/') ? 'audio' : 'file';

/** How many bytes a text in base64 stands for. */
export const bytesInBase64 = (data: string): number =>
  Math.max(0, Math.floor((data.length * 3) / 4) - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0));

/** An image, audio or a file that a model made, in words: the artifact can be read by its id. */
export const madeInWords = (part: MediaPart): string => `[${described(part)}: artifact ${part.artifact}]`;

/** An image, audio or a file in words: what a model reads that does not take it. */
export const mediaInWords = (part: MediaPart): string =>
  `[${described(part)}: kept as artifact ${part.artifact}, not shown, because this model does not take it]`;

const described = ({ type, mediaType, bytes, name }: MediaPart): string =>
  `${type}${name === undefined ? '' : ` "${cutText(name, 100)}"`}, ${cutText(mediaType, 100)}, ${bytes} bytes`;

/** A part of what an agent is given: a text, or an image, audio or a file, by its path or with its bytes. */
export type InputPart =
  | {
      /** What the part is. */
      readonly type: 'text';
      /** The text. */
      readonly text: string;
    }
  | {
      /** What the part is; `file` also for an image or audio. */
      readonly type: MediaKind;
      /** The path of its file; relative to the folder of the process. */
      readonly path: string;
      /** Its media type, such as `image/png`; what its first bytes or its name say by default. */
      readonly mediaType?: string;
      /** Its name, for the model; the name of its file by default. */
      readonly name?: string;
    }
  | {
      /** What the part is; `file` also for an image or audio. */
      readonly type: MediaKind;
      /** Its bytes, or the same in base64. */
      readonly data: Uint8Array | string;
      /** Its media type, such as `image/png`; what its first bytes or its name say by default. */
      readonly mediaType?: string;
      /** Its name, for the model; none by default. */
      readonly name?: string;
    };
