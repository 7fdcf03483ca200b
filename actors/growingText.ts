/** A text that comes in pieces: its end, and how much of it was checked. A long text is checked as a whole only when it has grown by some share. */

/** A checked text is checked again when it has grown by this share, or by so many characters: what is rejected is found soon. */
const growth = 1 / 16;
const mostUnchecked = 4_096;

/** A text from its beginning to here. */
export interface GrowingText {
  add(piece: string): void;
  whole(): string;
  /** Its latest piece and at least so many characters before it: kept apart, since a part of a text that grows costs a copy of all of it. */
  end(): string;
  /** Whether it has grown since it was checked as a whole. */
  hasGrown(): boolean;
  /** Whether it has grown so much that it must be checked as a whole. */
  isDue(): boolean;
  /** All of it was checked. */
  check(): void;
  clear(): void;
}

/** An empty text, of whose end so many characters are wanted before each new piece. */
export function growingText(endLength: number): GrowingText {
  let text = '';
  let end = '';
  let checked = 0;
  return {
    add(piece) {
      text += piece;
      if (end.length > 2 * endLength) end = end.slice(-endLength);
      end += piece;
    },
    whole: () => text,
    end: () => end,
    hasGrown: () => text.length > checked,
    isDue: () => text.length - checked >= Math.min(checked * growth, mostUnchecked),
    check: () => void (checked = text.length),
    clear() {
      text = '';
      end = '';
      checked = 0;
    },
  };
}
