/** References to artifacts: how they are gathered, passed on, and said in words. Machines use it, so it parses nothing. */
import { cutText } from '../values/text.ts';
import type { Artifact, MediaPart } from './media.ts';

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

/** An image, audio or a file that a model made, in words: the artifact can be read by its id. */
export const madeInWords = (part: MediaPart): string => `[${described(part)}: artifact ${part.artifact}]`;

/** An image, audio or a file in words: what a model reads that does not take it. */
export const mediaInWords = (part: MediaPart): string =>
  `[${described(part)}: kept as artifact ${part.artifact}, not shown, because this model does not take it]`;

const described = ({ type, mediaType, bytes, name }: MediaPart): string =>
  `${type}${name === undefined ? '' : ` "${cutText(name, 100)}"`}, ${cutText(mediaType, 100)}, ${bytes} bytes`;
