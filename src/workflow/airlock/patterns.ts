/** Patterns of schemas: they come with a workflow, and a hostile one can take years for thirty characters. Here none takes longer than a limit. */
import { createContext, Script, type Context } from 'node:vm';
import { TroupeError } from '../../values/failure.ts';

/** The longest text that a simple pattern is given without a limit, in characters. */
const maxPlainText = 2_000;
/** How much processor time all patterns that can be slow may take in one check, in milliseconds. */
const patternTime = 50;

/** How much of the time is left for the check that runs now. Checks are synchronous, so there is only one. */
let left = patternTime;

/** Runs a check with its own time for patterns. */
export function withPatternTime<Result>(check: () => Result): Result {
  left = patternTime;
  return check();
}

/** A pattern that ajv can use in place of a regular expression. */
export interface SafePattern {
  test(text: string): boolean;
  toString(): string;
}

/** Compiles a pattern. Throws `SyntaxError` for one that is no regular expression. `test` throws `budget` when the time is used up. */
export function safePattern(source: string): SafePattern {
  const pattern = regularExpression(source);
  const simple = isSimple(source);
  return {
    test: (text) => (simple && text.length <= maxPlainText ? pattern.test(text) : testInTime(pattern, text)),
    toString: () => String(pattern),
  };
}

/** Schemas of other languages may have escapes that the strict reading of Unicode patterns does not know. */
function regularExpression(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    return new RegExp(source);
  }
}

/** Whether a pattern can only be slow on long texts: it repeats at most once without a limit, repeats no group, and looks at nothing twice. */
function isSimple(source: string): boolean {
  const plain = source.replace(/\\[^1-9k]/gs, '_').replace(/\[[^\]]*\]/g, '_');
  if (/\)[*+?{]|\(\?[=!<]|\\/.test(plain)) return false;
  return (plain.match(/[*+]|\{/g)?.length ?? 0) <= 1;
}

const script = new Script('pattern.test(text)');
const given: { pattern: RegExp; text: string } = { pattern: /^/, text: '' };
let context: Context | undefined;

/** Node ends a script that takes too long, also in the middle of a pattern. What counts is the time of the processor: a process that has to wait for it tries again. */
function testInTime(pattern: RegExp, text: string): boolean {
  Object.assign(given, { pattern, text });
  while (left > 0) {
    const begun = process.cpuUsage();
    try {
      const timeout = Math.ceil(left);
      return script.runInContext((context ??= createContext(given)), { timeout }) === true;
    } catch (thrown) {
      if (!isTimeout(thrown)) throw thrown;
    } finally {
      const { user, system } = process.cpuUsage(begun);
      left -= (user + system) / 1_000;
    }
  }
  throw tooSlow(pattern, text);
}

/** The error may be of the context of the script, whose `Error` is another one. */
const isTimeout = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

const tooSlow = ({ source }: RegExp, text: string): TroupeError =>
  new TroupeError(
    'budget',
    `the pattern ${source.length > 80 ? `${source.slice(0, 80)}…` : source} takes more than ${patternTime} ms on texts such as one of ${text.length} characters; write it without a repetition inside of a repetition`,
  );
