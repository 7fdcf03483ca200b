/** Images, audio and files in messages. A message refers to its artifacts by hash; their bytes are in the list of artifacts of one actor of the run, once. */
import * as z from 'zod';

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

/** The largest artifact, in bytes. */
export const maxArtifactBytes = 20 * 1024 * 1024;

/** What an image, audio or file is for a model, by its media type. */
export const mediaKindOf = (mediaType: string): MediaKind =>
  mediaType.startsWith('image/') ? 'image' : mediaType.startsWith('audio/') ? 'audio' : 'file';

/** How many bytes a text in base64 stands for. */
export const bytesInBase64 = (data: string): number =>
  Math.max(0, Math.floor((data.length * 3) / 4) - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0));

/** A part of what a run is given: a text, or an image, audio or a file, by its path or with its bytes. */
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
