/** Checks what a request asks for before anything reads it: a path that can be decoded, and a query with few, single, plain names. */
import { forbiddenNames } from './jsonText.ts';
import { HttpRefusal } from './refusal.ts';

/** Characters of path and query together. */
const longestTarget = 8_192;
const mostParameters = 100;

/** The query of a URL by its names. Throws a refusal: 414 for a long target, 400 for one that cannot be what was meant. */
export function checkedQuery(url: string): Readonly<Record<string, string>> {
  if (url.length > longestTarget)
    throw new HttpRefusal(
      414,
      'invalid',
      `The URL is longer than ${longestTarget} characters. Put the data into the body.`,
    );
  const { pathname, search, searchParams } = new URL(url);
  checkEscapes(pathname);
  checkEscapes(search.replaceAll('+', ' '));
  const query = new Map<string, string>();
  for (const [name, value] of searchParams) {
    if (forbiddenNames.has(name) || /[[\]]/.test(name))
      throw invalid(`The query has the parameter ${JSON.stringify(name.slice(0, 80))}, which is not accepted.`);
    if (query.has(name)) throw invalid(`The query has ${JSON.stringify(name.slice(0, 80))} twice. Send it once.`);
    query.set(name, value);
    if (query.size > mostParameters) throw invalid(`The query has more than ${mostParameters} parameters.`);
  }
  return Object.fromEntries(query);
}

/** A broken escape or a control character in it: no name of ours has one. */
function checkEscapes(text: string): void {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch (cause) {
    throw new HttpRefusal(
      400,
      'invalid',
      'The URL has a percent sign that begins no UTF-8 character. Write it as %25.',
      {
        cause,
      },
    );
  }
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(decoded)) throw invalid('The URL has a control character. Take it out.');
}

const invalid = (message: string) => new HttpRefusal(400, 'invalid', message);
