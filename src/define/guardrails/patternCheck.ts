/** Looks for patterns in what is said. */
import type { CheckAnswer, GuardedAnswer } from '../../contracts/guardrail.ts';
import { parseDefinition } from '../../values/explain.ts';
import type { Json } from '../../values/json.ts';
import { PatternsOrCheck } from './schemas.ts';
import { textsIn } from './textsIn.ts';

/** Texts, matched in upper or lower case, and regular expressions. They are tried on every text of a value by itself, its keys included, without JSON's escapes. */
export type Patterns = readonly (string | RegExp)[];

/** What a pattern is tried on: a text, and where there is one the value that it was made of. */
export interface Checked {
  readonly text: string;
  readonly body?: Json;
  readonly answer?: GuardedAnswer['answer'];
  readonly value?: Json;
}

/** The check that a guardrail of that kind was given: as a function, or as patterns. Throws `definition` when it is neither. */
export function patternCheck<A extends Checked>(
  kind: string,
  look: Patterns | ((asked: A) => CheckAnswer | Promise<CheckAnswer>),
): (asked: A) => CheckAnswer | Promise<CheckAnswer> {
  const given = parseDefinition(PatternsOrCheck, look, `What guardrails.${kind} looks for`);
  // The schema knows it is a function; the types of the caller say of what.
  if (typeof given === 'function') return given as (asked: A) => CheckAnswer | Promise<CheckAnswer>;
  // A pattern with the flag g or y keeps its position, and would miss every second match.
  const patterns = given.map((each) =>
    typeof each === 'string' ? each.toLowerCase() : new RegExp(each.source, each.flags.replace(/[gy]/g, '')),
  );
  return ({ text, body, answer, value }) => {
    const texts = textsIn(text, value ?? (answer === undefined ? body : answer.body));
    const found = patterns.find((each) =>
      texts.some((one) => (typeof each === 'string' ? one.toLowerCase().includes(each) : each.test(one))),
    );
    // The message names neither the pattern nor the match: both may be secrets.
    return found === undefined || `it has what pattern ${patterns.indexOf(found) + 1} of ${patterns.length} looks for`;
  };
}
