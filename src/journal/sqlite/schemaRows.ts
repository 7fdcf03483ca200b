/** Reads the table of tables of a database file without SQLite: page 1, and the pages below it. */

/** A page of the file; undefined when there is none of this number. */
export type ReadPage = (page: number) => Buffer | undefined;

/** A row of `sqlite_schema`. */
export interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly root: number;
  /** The statement that made it; null for an index that SQLite made for a constraint. */
  readonly sql: string | null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The rows. Throws, with any error, when the pages are not what SQLite writes: what is read may be any bytes. */
export function schemaRows(readPage: ReadPage): SchemaRow[] {
  const rows: SchemaRow[] = [];
  const seen = new Set<number>();

  function visit(number: number): void {
    const page = readPage(number);
    if (!page || seen.has(number)) throw new RangeError(`page ${number} is missing`);
    seen.add(number);
    const start = number === 1 ? 100 : 0;
    const type = page.readUInt8(start);
    const cells = page.readUInt16BE(start + 3);
    if (type !== leaf && type !== interior) throw new RangeError(`page ${number} is no page of a table`);
    const pointers = start + (type === leaf ? 8 : 12);
    for (let cell = 0; cell < cells; cell++) {
      const at = page.readUInt16BE(pointers + 2 * cell);
      if (type === leaf) rows.push(rowOf(payloadAt(page, at)));
      else visit(page.readUInt32BE(at));
    }
    if (type === interior) visit(page.readUInt32BE(start + 8));
  }

  /** The payload of a cell, of which a long one goes on in overflow pages. */
  function payloadAt(page: Buffer, cell: number): Buffer {
    const [size, afterSize] = varint(page, cell);
    const [, start] = varint(page, afterSize);
    const usable = page.length;
    if (size <= usable - 35) return page.subarray(start, start + size);
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const most = least + ((size - least) % (usable - 4));
    const local = most <= usable - 35 ? most : least;
    const parts = [page.subarray(start, start + local)];
    let next = page.readUInt32BE(start + local);
    for (let left = size - local; left > 0; left -= usable - 4) {
      const overflow = readPage(next);
      if (!overflow) throw new RangeError(`page ${next} is missing`);
      parts.push(overflow.subarray(4, 4 + Math.min(left, usable - 4)));
      next = overflow.readUInt32BE(0);
    }
    return Buffer.concat(parts);
  }

  visit(1);
  return rows;
}

const leaf = 13;
const interior = 5;

function rowOf(payload: Buffer): SchemaRow {
  const [headerSize, first] = varint(payload, 0);
  let at = first;
  let body = headerSize;
  const values: (string | number | null)[] = [];
  while (at < headerSize) {
    const [type, next] = varint(payload, at);
    const [value, size] = valueOf(payload, body, type);
    values.push(value);
    at = next;
    body += size;
  }
  const [type, name, table, root, sql] = values;
  if (
    body !== payload.length ||
    values.length !== 5 ||
    typeof type !== 'string' ||
    typeof name !== 'string' ||
    typeof table !== 'string' ||
    typeof root !== 'number' ||
    (sql !== null && typeof sql !== 'string')
  )
    throw new RangeError('a row of the schema has other columns');
  return { type, name, table, root, sql: sql ?? null };
}

/** A value of a record, and how many bytes it has. */
function valueOf(payload: Buffer, at: number, type: number): [string | number | null, number] {
  if (type === 0) return [null, 0];
  if (type >= 1 && type <= 4) return [payload.readIntBE(at, type), type];
  if (type === 8 || type === 9) return [type - 8, 0];
  if (type < 13 || type % 2 === 0) throw new RangeError('a row of the schema has other columns');
  const size = (type - 13) / 2;
  if (at + size > payload.length) throw new RangeError('a text of the schema is cut');
  return [utf8.decode(payload.subarray(at, at + size)), size];
}

/** A number of variable length, and where the next value begins. */
function varint(bytes: Buffer, at: number): [number, number] {
  let value = 0;
  for (let n = 0; n < 8; n++) {
    const byte = bytes.readUInt8(at + n);
    value = value * 128 + (byte & 127);
    if (byte < 128) return [value, at + n + 1];
  }
  throw new RangeError('a number is too large');
}
