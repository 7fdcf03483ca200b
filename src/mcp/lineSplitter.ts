/** Splits a stream of bytes into lines, and keeps at most one line in memory. */

const lineFeed = 10;

/** Splits a stream into lines. */
export interface LineSplitter {
  /** Adds the next bytes. */
  add(chunk: Buffer): void;
  /** Drops an unfinished line. */
  clear(): void;
}

/** Calls `take` with each line. Calls `tooLong` when a line is longer than `max` bytes; no more lines follow. */
export function lineSplitter(max: number, take: (line: string) => void, tooLong: () => void): LineSplitter {
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
