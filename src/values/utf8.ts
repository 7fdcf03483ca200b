/** Text from outside as bytes. Bytes that are no UTF-8 are refused with their place: a replacement character would silently change a value. */
import { TroupeError } from './failure.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const byteOrderMark = '\ufeff';
const replacement = '\ufffd';

/**
 * The text of some bytes, without a byte order mark at its beginning: editors on Windows write one, and JSON does not allow it.
 * Throws `invalid` with the place of the first byte that is no UTF-8; `source` begins the message, such as the path of a file.
 */
export function decodeUtf8(bytes: Uint8Array, source: string): string {
  try {
    const text = strict.decode(bytes);
    return text.startsWith(byteOrderMark) ? text.slice(1) : text;
  } catch (cause) {
    const before = validStart(bytes);
    const line = before.split('\n').length;
    const column = before.length - before.lastIndexOf('\n');
    const at = new TextEncoder().encode(before).length;
    throw new TroupeError(
      'invalid',
      `${source}:${line}:${column}: not UTF-8: the byte 0x${(bytes[at] ?? 0).toString(16).padStart(2, '0')} (number ${at}) cannot stand here. Save it as UTF-8.`,
      { cause, data: { byte: at, line, column } },
    );
  }
}

/** The text before the first byte that is no UTF-8. A replacement character that is in the bytes themselves belongs to it. */
function validStart(bytes: Uint8Array): string {
  const text = lenient.decode(bytes);
  const encoder = new TextEncoder();
  for (let at = text.indexOf(replacement); at >= 0; at = text.indexOf(replacement, at + 1)) {
    const before = text.slice(0, at);
    const byte = encoder.encode(before).length;
    const written = bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd;
    if (!written) return before;
  }
  return text;
}
