/** The media type of a file, by its first bytes or by the ending of its name. */

/** What files of a type begin with; `at`: how many bytes come before. */
const beginnings: readonly { readonly text: string; readonly at?: number; readonly mediaType: string }[] = [
  { text: '\x89PNG\r\n', mediaType: 'image/png' },
  { text: '\xff\xd8\xff', mediaType: 'image/jpeg' },
  { text: 'GIF8', mediaType: 'image/gif' },
  { text: 'WEBP', at: 8, mediaType: 'image/webp' },
  { text: 'ftyphei', at: 4, mediaType: 'image/heic' },
  { text: '%PDF-', mediaType: 'application/pdf' },
  { text: 'WAVE', at: 8, mediaType: 'audio/wav' },
  { text: 'ID3', mediaType: 'audio/mpeg' },
  { text: '\xff\xfb', mediaType: 'audio/mpeg' },
  { text: 'OggS', mediaType: 'audio/ogg' },
  { text: 'fLaC', mediaType: 'audio/flac' },
  { text: 'ftyp', at: 4, mediaType: 'video/mp4' },
  { text: 'PK\x03\x04', mediaType: 'application/zip' },
];
const endings: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mp4: 'video/mp4',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
};

/** Undefined when neither its first bytes nor its name tell it. */
export function mediaTypeOf(bytes: Uint8Array, name = ''): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const found = beginnings.find(({ text, at = 0 }) => start.startsWith(text, at));
  const ending = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : '';
  const named = Object.hasOwn(endings, ending) ? endings[ending] : undefined;
  // A document of an office is a zip file, too: its name says more.
  return found?.mediaType === 'application/zip' ? (named ?? found.mediaType) : (found?.mediaType ?? named);
}

/** Texts in files: every model reads them. */
export const isTextType = (mediaType: string): boolean =>
  /^text\/|^application\/(json|xml|yaml|x-yaml|x-ndjson|toml|javascript|sql)\b|\+(json|xml|yaml)\b/.test(mediaType) &&
  mediaType !== 'image/svg+xml';
