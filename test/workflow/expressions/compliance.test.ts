/** The compliance suite of JMESPath, with the differences that we know by name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { compileExpression, evaluateExpression } from '../../../src/workflow/expressions/jmespath.ts';
import { loadLanguage } from '../../../src/workflow/loadLanguage.ts';
import type { Json } from '../../../src/values/json.ts';

interface Suite {
  readonly given: Json;
  readonly cases: readonly { readonly expression: string; readonly result?: Json; readonly error?: string }[];
}

/** Cases whose outcome is another one than the suite wants, and why. The test fails when one of them begins to agree. */
const known: Readonly<Record<string, string>> = {
  'syntax.json: [:::]':
    'the package reads a slice with three colons as one with two; it selects nothing that is not there',
};

const folder = join(import.meta.dirname, 'compliance');

beforeAll(loadLanguage);

test('expressions do what the compliance suite of jmespath wants, but for the differences that are listed', () => {
  const different: string[] = [];
  let cases = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')))
    for (const { given, cases: all } of JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly Suite[])
      for (const each of all) {
        cases++;
        if (!agrees(given, each)) different.push(`${file}: ${each.expression}`);
      }
  expect(cases).toBeGreaterThan(850);
  expect(different).toEqual(Object.keys(known));
});

function agrees(given: Json, { expression, result, error }: Suite['cases'][number]): boolean {
  try {
    const value = evaluateExpression(compileExpression(expression), given);
    expect(error ?? value).toEqual(error ? undefined : result);
    return true;
  } catch (thrown) {
    return error !== undefined && thrown instanceof Error && thrown.name === 'TroupeError';
  }
}
