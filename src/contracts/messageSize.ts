/** How long a message is, in characters that a model reads. */
import type { Message } from './model.ts';

/** What an image costs is about what so many characters cost. */
const charactersOfPart = 4_000;

/** The characters of images, audio and files. */
export const sizeOfParts = (parts: readonly unknown[] = []): number => parts.length * charactersOfPart;

/** Messages do not change, so each is measured once. */
const sizes = new WeakMap<Message, number>();

/** The characters of a message. */
export function sizeOfMessage(message: Message): number {
  const known = sizes.get(message);
  if (known !== undefined) return known;
  const size = measureMessage(message);
  sizes.set(message, size);
  return size;
}

/** The characters of a message that is measured only once: they are not kept. */
export function measureMessage(message: Message): number {
  switch (message.role) {
    case 'user':
      return message.text.length + sizeOfParts(message.parts);
    case 'assistant':
      return (
        message.text.length +
        sizeOfParts(message.parts) +
        (message.provider === undefined ? 0 : JSON.stringify(message.provider).length) +
        message.calls.reduce((sum, { name, input }) => sum + name.length + (JSON.stringify(input) ?? '').length, 0)
      );
    case 'tool':
      return message.results.reduce((sum, { content, parts }) => sum + content.length + sizeOfParts(parts), 0);
  }
}
