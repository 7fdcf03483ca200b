/**
 * Tells reasoning in the text of an answer from the answer: some models write it between `<think>` and `</think>`, in front of the answer.
 * Only there: a text that mentions the tags later on is left as it is. A block that is never closed is reasoning to its end.
 */

/** A piece of an answer. */
export interface TaggedPiece {
  readonly type: 'text' | 'reasoning';
  readonly text: string;
}

/** Reads the text of one answer as it comes, in any pieces. */
export interface TagReader {
  /** What the next piece of text adds. */
  read(piece: string): TaggedPiece[];
  /** What was held back, because a tag might have come. */
  end(): TaggedPiece[];
}

/** The tags of models that write their reasoning into the text. */
export const defaultThinkTags: readonly string[] = ['think'];

/** A reader for these tags, without their brackets; without tags it changes nothing. */
export function tagReader(tags: readonly string[]): TagReader {
  const names = tags.map((tag) => tag.toLowerCase());
  let where: 'before' | 'inside' | 'after' = names.length === 0 ? 'after' : 'before';
  let held = '';
  let closing = '';
  let hasBlock = false;
  let hasReasoning = false;

  /** Before the answer: blank text, a tag, or the beginning of one. */
  function before(pieces: TaggedPiece[]): boolean {
    const text = held.trimStart();
    const lower = text.toLowerCase();
    const opened = names.find((name) => lower.startsWith(`<${name}>`));
    if (opened !== undefined) {
      [where, closing, held, hasBlock, hasReasoning] = [
        'inside',
        `</${opened}>`,
        text.slice(opened.length + 2),
        true,
        false,
      ];
      return true;
    }
    if (text === '' || names.some((name) => `<${name}>`.startsWith(lower))) return false;
    where = 'after';
    // The blank lines between the reasoning and the answer belong to neither.
    pieces.push({ type: 'text', text: hasBlock ? text : held });
    held = '';
    return false;
  }

  function inside(pieces: TaggedPiece[]): boolean {
    const at = held.toLowerCase().indexOf(closing);
    const until = at >= 0 ? at : held.length - openEnd(held.toLowerCase(), closing);
    const text = hasReasoning ? held.slice(0, until) : held.slice(0, until).trimStart();
    if (text !== '') pieces.push({ type: 'reasoning', text });
    hasReasoning ||= text !== '';
    held = held.slice(at >= 0 ? at + closing.length : until);
    if (at >= 0) where = 'before';
    return at >= 0;
  }

  return {
    read(piece) {
      if (where === 'after') return piece === '' ? [] : [{ type: 'text', text: piece }];
      held += piece;
      const pieces: TaggedPiece[] = [];
      for (let goesOn = true; goesOn;)
        goesOn = where === 'before' ? before(pieces) : where === 'inside' && inside(pieces);
      return pieces;
    },
    end() {
      const rest = held;
      held = '';
      if (where === 'inside') return rest === '' ? [] : [{ type: 'reasoning', text: rest }];
      return rest === '' || (hasBlock && rest.trim() === '') ? [] : [{ type: 'text', text: rest }];
    },
  };
}

/** How many characters at the end of the text may be the beginning of the tag. */
function openEnd(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--)
    if (text.endsWith(tag.slice(0, length))) return length;
  return 0;
}
