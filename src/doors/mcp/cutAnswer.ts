/** Cuts what is too long for the context of a model, and says so in its place. */
import { isJsonObject, type Json, type JsonObject } from '../../values/json.ts';

/** Characters of an answer as JSON. */
const longestAnswer = 40_000;

/** Limits that are tried one after another until the answer is short enough. */
const rounds = [
  { text: 8_000, items: 200 },
  { text: 2_000, items: 50 },
  { text: 500, items: 20 },
  { text: 120, items: 5 },
];

/** An answer that is short enough. One that was cut says so in `cut`, with `rest`: how to get what is missing. */
export function cutAnswer(answer: JsonObject, rest: string): JsonObject {
  if (JSON.stringify(answer).length <= longestAnswer) return answer;
  for (const limits of rounds) {
    const short = cutValue(answer, limits);
    if (isJsonObject(short) && JSON.stringify(short).length <= longestAnswer) return { ...short, cut: rest };
  }
  const names = Object.keys(answer).slice(0, 50);
  return { cut: `The answer is too large to be shown. It has the fields ${names.join(', ').slice(0, 2_000)}. ${rest}` };
}

function cutValue(value: Json, limits: { readonly text: number; readonly items: number }): Json {
  if (typeof value === 'string')
    return value.length <= limits.text
      ? value
      : `${value.slice(0, limits.text)}… [${value.length - limits.text} characters are cut]`;
  if (value === null || typeof value !== 'object') return value;
  const inner = (each: Json) => cutValue(each, limits);
  if (isJsonObject(value)) {
    const all = Object.entries<Json>(value);
    const shown = all.slice(0, limits.items).map(([name, each]) => [name, inner(each)] as const);
    const left = all.length - shown.length;
    return Object.fromEntries(left > 0 ? [...shown, ['…', `[${left} fields are cut]`]] : shown);
  }
  const shown = value.slice(0, limits.items).map(inner);
  const left = value.length - shown.length;
  return left > 0 ? [...shown, `[${left} items are cut]`] : shown;
}
