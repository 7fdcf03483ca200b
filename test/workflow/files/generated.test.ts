/** Any valid file is loaded, and any single wrong key in it is said with its line. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { workflowNamed } from '../../../src/workflow/files/project/load.ts';
import { loadProject } from '../../../src/workflow/files/project/project.ts';
import { written } from './written.ts';

const work = fc.constantFrom(
  ['transform:', '  ops:', '    - flatten: {}'],
  ['webhook:', '  url: http://example.com', '  body:', '    text: params.text'],
  ['wait:', '  question: Good?'],
);
const extras = fc.subarray([
  ['timeout: 30s'],
  ['retry:', '  max: 2', '  backoff: 10ms'],
  ['on_error: continue'],
  ['condition: params.x'],
  ['for_each:', '  from: params.list', '  max_items: 5'],
  ['output:', '  schema:', '    type: object'],
  ['cache: 1h'],
]);
const step = fc.tuple(work, extras).map(([own, more]) => [...own, ...more.flat()]);

/** The lines of a workflow file; each step waits for some of those before it. */
const lines = fc
  .array(fc.tuple(step, fc.array(fc.nat())), { minLength: 1, maxLength: 6 })
  .map((steps) => [
    'kind: workflow',
    'pipeline:',
    ...steps.flatMap(([body, before], at) => [
      `  - id: s${at}`,
      ...body.map((line) => `    ${line}`),
      ...(at === 0 || before.length === 0 ? [] : [`    depends_on: [${before.map((n) => `s${n % at}`).join(', ')}]`]),
    ]),
  ]);

async function load(text: string) {
  const dir = written({ 'workflows/w.workflow.yaml': text });
  return workflowNamed(await loadProject({ projectDir: dir, env: {} }), 'w');
}

test('a valid file is loaded; with one key misspelt, the problem is at its line', async () => {
  await fc.assert(
    fc.asyncProperty(lines, fc.nat(), async (valid, choice) => {
      const { definition, problems } = await load(valid.join('\n'));
      expect(problems).toEqual([]);
      expect(definition).toBeDefined();
      // Bodies of webhooks and JSON Schemas have any keys.
      const keyed = [...valid.keys()].filter(
        (at) => /^\s*(?:- )?[a-z_]+:/.test(valid[at] ?? '') && !/text:|type:/.test(valid[at] ?? ''),
      );
      const at = keyed[choice % keyed.length] ?? 0;
      const broken = valid.with(at, (valid[at] ?? '').replace(/([a-z_]+):/, 'zz$1q:'));
      const refused = await load(broken.join('\n'));
      expect(refused.definition).toBeUndefined();
      expect(refused.problems.map(({ line }) => line)).toContain(at + 1);
    }),
    { numRuns: 60 },
  );
});
