/** Images, audio and files in messages. A message refers to its artifacts by hash; their bytes are in the actor's list of artifacts, once. */
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
  name: z.string().optional(),
});
export type MediaPart = z.infer<typeof MediaPart>;

/** An artifact as it is stored and passed on. */
export const Artifact = MediaPart.extend({
  /** Its bytes, in base64. */
  data: z.string(),
});
export type Artifact = z.infer<typeof Artifact>;

/** The list of an actor that holds the artifacts of its messages. */
export const artifactList = 'artifacts';

/** An image, audio or a file in words: what a model reads that does not take it. */
export const mediaInWords = ({ type, mediaType, artifact, bytes, name }: MediaPart): string =>
  `[${type}${name === undefined ? '' : ` "${cutText(name, 100)}"`}, ${cutText(mediaType, 100)}, ${bytes} bytes: kept as artifact ${artifact}, not shown, because this model does not take it]`;
