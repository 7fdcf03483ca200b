/** URLs with templates: a value is one segment of the path or one value of the query, and cannot change where the request goes. */
import { TroupeError } from '../../values/failure.ts';

/** A part of a URL: text as it was written, or a value that was put in. */
export type UrlPart = string | { readonly value: string };

/**
 * Joins the parts. A value at the very beginning is a whole URL or an origin and stays as it is; a value in the host may only have the characters of a host;
 * any other value is percent-encoded. Throws `invalid` for a value that would leave its place.
 */
export function joinUrl(parts: readonly UrlPart[]): string {
  let url = '';
  for (const part of parts) {
    if (typeof part === 'string') url += part;
    else if (url.trim() === '') url = part.value;
    else if (/^[A-Za-z][\w+.-]*:\/\/[^/?#]*$/.test(url)) url += hostPart(part.value);
    else if (/[?#]/.test(url)) url += encodeURIComponent(wellFormed(part.value));
    else url += pathPart(part.value);
  }
  const [path = ''] = url.replace(/^[A-Za-z][\w+.-]*:\/\//, '').split(/[?#]/);
  if (parts.length > 1 && path.split(/[/\\]/).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)))
    throw new TroupeError(
      'invalid',
      'A value in a URL would make a path segment "." or "..", which leads elsewhere. Check the value before it is used.',
    );
  return url;
}

function hostPart(value: string): string {
  if (/^[A-Za-z0-9.:[\]-]*$/.test(value)) return value;
  throw new TroupeError(
    'invalid',
    'A value in the host of a URL has characters that no host has. Put a whole URL into one template, or use letters, digits, "." and "-".',
  );
}

/** The characters that a segment may have are kept, such as the colon of a token; a slash is not one of them. */
const pathPart = (value: string): string =>
  encodeURIComponent(wellFormed(value)).replace(/%(?:3A|40|2C|3B|3D|2B|24|26)/g, decodeURIComponent);

/** Half of a character pair cannot be encoded. */
const wellFormed = (value: string): string => value.toWellFormed();
