/** A queue between a run and whoever reads its events: the run never waits, and a slow reader gets pieces of text joined. */
import type { StreamEvent } from '../observe/streamEvents.ts';

/** Events in their order; one reader. */
export interface EventQueue {
  /** Adds an event. */
  push(event: StreamEvent): void;
  /** No event follows those that were added. */
  end(): void;
  /** The next event; undefined when the queue has ended and is empty. */
  next(): Promise<StreamEvent | undefined>;
}

/** An empty queue. */
export function eventQueue(): EventQueue {
  const waiting: StreamEvent[] = [];
  let ended = false;
  let wake = () => {};

  return {
    push(event) {
      const last = waiting.at(-1);
      const joined = last && join(last, event);
      if (joined) waiting[waiting.length - 1] = joined;
      else waiting.push(event);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async next() {
      for (;;) {
        const event = waiting.shift();
        if (event || ended) return event;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Two pieces of the same text as one; undefined when they are not. */
function join(last: StreamEvent, next: StreamEvent): StreamEvent | undefined {
  if (!isPiece(last) || !isPiece(next) || last.type !== next.type || last.call !== next.call) return undefined;
  return { ...next, text: last.text + next.text };
}

type Piece = Extract<StreamEvent, { readonly type: 'text' | 'reasoning' }>;
const isPiece = (event: StreamEvent): event is Piece => event.type === 'text' || event.type === 'reasoning';
