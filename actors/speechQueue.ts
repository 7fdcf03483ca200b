/** Parts of an answer that passed their checks, in their order; the last characters of each text are held back. Pieces that wait become one piece. */
import type { Json } from '../src/values/json.ts';
import { propertiesOf } from '../src/values/properties.ts';

/** Waiting pieces are joined up to so many characters. */
const longestPiece = 4_096;

/** Parts in their order. */
export interface SpeechQueue {
  /** Adds parts; returns those that may be shown now. */
  add(parts: readonly Json[]): Json[];
  /** Everything that was held back: the answer has ended. */
  rest(): Json[];
  /** Forgets what was held back. */
  clear(): void;
  /** The text of the answer that was returned so far. */
  shownText(): string;
}

/** `tail`: how many characters of a text are held back; Infinity for all. */
export function speechQueue(tail: number): SpeechQueue {
  let held: Json[] = [];
  let shown = '';
  const size = { text: 0, reasoning: 0 };

  function release(keep: number): Json[] {
    const released: Json[] = [];
    for (let first = held[0]; first !== undefined; first = held[0]) {
      const piece = pieceOf(first);
      const most = piece ? size[piece.type] - keep : Number.isFinite(keep) ? Infinity : 0;
      if (most <= 0) break;
      const end = piece && most < piece.text.length ? wholeCharacters(piece.text, most) : undefined;
      if (end === 0) break;
      if (piece && end !== undefined) {
        released.push({ type: piece.type, text: piece.text.slice(0, end) });
        held[0] = { type: piece.type, text: piece.text.slice(end) };
      } else {
        released.push(first);
        held.shift();
      }
      if (piece) {
        size[piece.type] -= end ?? piece.text.length;
        if (piece.type === 'text') shown += piece.text.slice(0, end);
      }
      if (end !== undefined) break;
    }
    return released;
  }

  function hold(part: Json): void {
    const piece = pieceOf(part);
    if (piece?.text === '') return;
    if (piece) size[piece.type] += piece.text.length;
    const last = held.at(-1);
    const joined = piece && last !== undefined && join(pieceOf(last), piece);
    if (joined) held[held.length - 1] = joined;
    else held.push(part);
  }

  return {
    add(parts) {
      parts.forEach(hold);
      return release(tail);
    },
    rest: () => release(0),
    clear() {
      held = [];
      shown = '';
      size.text = 0;
      size.reasoning = 0;
    },
    shownText: () => shown,
  };
}

/** A piece of a text. */
export type Piece = { readonly type: 'text' | 'reasoning'; readonly text: string };

const join = (last: Piece | undefined, next: Piece): Piece | undefined =>
  last?.type === next.type && last.text.length + next.text.length <= longestPiece
    ? { type: last.type, text: last.text + next.text }
    : undefined;

/** The part as a piece of a text; undefined when it is another part. */
export function pieceOf(part: Json): Piece | undefined {
  const { type, text } = propertiesOf(part);
  return (type === 'text' || type === 'reasoning') && typeof text === 'string' ? { type, text } : undefined;
}

/** How many of the first `most` units make whole characters: no pair of surrogates is cut apart. */
const wholeCharacters = (text: string, most: number): number =>
  /[\uD800-\uDBFF]/.test(text.charAt(most - 1)) ? most - 1 : most;
