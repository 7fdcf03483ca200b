/** One viewer of the inspector: first it is sent what was before it came, in pieces that it can take, and then what happens. */
import type { WebSocket } from 'ws';

/** A viewer. */
export interface Viewer {
  /** Sends a message after all before it. Does nothing once the viewer is gone. */
  send(text: string): void;
  /** Disconnects it at once. */
  terminate(): void;
}

/**
 * Sends `earlier` as fast as the viewer reads, and what happens meanwhile after that. `most`: bytes of what happened that may wait for the viewer;
 * one that reads too slowly for that is disconnected. One for which `earlier` throws is disconnected, too.
 */
export function inspectorViewer(socket: WebSocket, earlier: Iterable<string>, most: number): Viewer {
  const before = earlier[Symbol.iterator]();
  const happened: string[] = [];
  let waiting = 0;
  let writing = false;

  function next(): string | undefined {
    const { done, value } = before.next();
    if (done !== true) return value;
    const text = happened.shift();
    waiting -= text?.length ?? 0;
    return text;
  }

  function write(): void {
    writing = false;
    try {
      while (socket.readyState === socket.OPEN) {
        const text = next();
        if (text === undefined) return;
        if (socket.bufferedAmount < most / 2) socket.send(text);
        else {
          writing = true;
          // Called when the viewer has taken what was written so far; with an error when it is gone.
          return socket.send(text, (error) => void (error ?? write()));
        }
      }
    } catch {
      socket.close(1011, 'internal error'); // The connection is a WebSocket already: it cannot be answered with 500.
    }
  }

  write();
  return {
    send(text) {
      if (socket.readyState !== socket.OPEN) return;
      if (waiting + socket.bufferedAmount > most) return socket.close(1013, 'too slow');
      happened.push(text);
      waiting += text.length;
      if (!writing) write();
    },
    terminate: () => socket.terminate(),
  };
}
