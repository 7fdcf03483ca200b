/** Cuts a stream of bytes into lines, and keeps no more than one of them. */

const lineFeed = 10;

export interface Lines {
  add(chunk: Buffer): void;
  /** Forgets what has not become a line. */
  clear(): void;
}

/** `tooLong` is called when a line passes `max` bytes; there are no more lines after that. */
export function lines(max: number, take: (line: string) => void, tooLong: () => void): Lines {
  let parts: Buffer[] = [];
  let size = 0;
  let over = false;
  const clear = () => {
    parts = [];
    size = 0;
  };

  return {
    add(chunk) {
      let rest = chunk;
      while (!over && rest.length > 0) {
        const end = rest.indexOf(lineFeed);
        const part = end < 0 ? rest : rest.subarray(0, end);
        size += part.length;
        if (size > max) {
          over = true;
          clear();
          return tooLong();
        }
        parts.push(part);
        if (end < 0) return;
        const line = Buffer.concat(parts).toString();
        clear();
        take(line);
        rest = rest.subarray(end + 1);
      }
    },
    clear,
  };
}
