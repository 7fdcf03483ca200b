/** Makes up values that fit a JSON Schema: one for each alternative it names, the simplest first. */
import { TroupeError } from '../../values/failure.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { errorMessage } from '../../values/cause.ts';
import { lengthsOf, numbersOf, textsOf, type NumberSamples } from './numbers.ts';
import { jsonObject } from '../jsonValues.ts';
import { schemaValues } from '../schemaValues.ts';

/** The most alternatives of one value. */
const most = 6;

/** Values that fit, as `parse` returns them; at least one. Throws `definition` when none of the made-up values fits. */
export function bodiesOf(what: string, schema: Json, parse: (body: Json) => Json, numbers: NumberSamples): Json[] {
  const problems: string[] = [];
  const bodies = valuesOf(jsonObject(schema), numbers).flatMap((value) => {
    try {
      return [parse(value)];
    } catch (thrown) {
      problems.push(errorMessage(thrown));
      return [];
    }
  });
  if (bodies.length > 0) return bodies;
  throw new TroupeError(
    'definition',
    `No body could be made up for "${what}" (${problems[0] ?? 'its schema allows nothing'}). Give some: check(…, { samples: { ${JSON.stringify(what)}: [ … ] } }).`,
  );
}

/** Values for a schema, before it is known whether they fit. Few: each of them multiplies the situations that are explored. */
export const valuesOf = (schema: JsonObject, numbers: NumberSamples): Json[] =>
  schemaValues(schema, {
    most,
    optional: 'omitted',
    defaultOnly: true,
    numbers: (each) => numbersOf(each, numbers),
    texts: (each) => textsOf(each, numbers),
    lengths: (least, longest) => lengthsOf(least, longest, numbers),
  });
