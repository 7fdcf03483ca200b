/** `troupe simulate`: its report, its exit code and its file of seeds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { workspace } from './troupe.ts';

test.concurrent('a simulation without failures reports how many faults it made', async () => {
  using dir = workspace();
  const { code, out } = await dir.troupe('simulate', dir.fixture('counter.ts'), '--seeds', '30');
  expect(code).toBe(0);
  expect(out).toMatch(/^30 seeds, \d+ steps, \d+ commits, .* of simulated time; .*crash/);
  expect(out).toContain('Nothing was lost, repeated or left standing.');
});

test.concurrent(
  'a failure is reported with its seed and the command that repeats it, and is run first from then on',
  async () => {
    using dir = workspace();
    const file = dir.file(
      'four.mts',
      `import counter, { simulation as three } from ${JSON.stringify(dir.fixture('counter.ts'))};
     export default counter;
     export const simulation = () => ({ ...three(), invariants: { four: () => 'it did not count so far' } });`,
    );
    const { code, out, err } = await dir.troupe('simulate', file, '--seeds', '2', '--faults', 'crash,clock');
    expect(code).toBe(1);
    expect(out).toContain('four: it did not count so far');
    expect(err).toContain(`${file}.seeds`);
    expect(readFileSync(`${file}.seeds`, 'utf8')).toMatch(/^#.*\n1\n2\n$/);
    const json = await dir.troupe('simulate', file, '--seeds', '1', '--seed', '1052090', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ seeds: 3, failures: [{ seed: 1 }, { seed: 2 }, { seed: 1052090 }] });
  },
);

test.concurrent('a definition that needs an input is simulated with --input, and says so without', async () => {
  using dir = workspace();
  const simulate = (fixture: string, ...args: string[]) =>
    dir.troupe('simulate', dir.fixture(fixture), '--seeds', '2', ...args);
  expect(await simulate('numbers.ts')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^The input of the flow "sum" .*Give it an input with --input\.\n$/) as string,
  });
  expect(await simulate('numbers.ts', '--input', '1')).toMatchObject({ code: 0 });
  expect(await simulate('numbers.ts', '--input', '"1"')).toMatchObject({
    code: 2,
    err: expect.not.stringContaining('--input') as string,
  });
  expect(await simulate('optionalInput.ts')).toMatchObject({ code: 0 });
});

test.concurrent.each([
  [
    'with the faults that it needs',
    'crashed.mts',
    `({ faults }) => faults.some(({ kind }) => kind === 'crash') ? 'a process died, ' + faults.length : undefined`,
    ['--seeds', '12'],
  ],
  [
    'without faults, in a file with a space in its name',
    "my 'own' four.mts",
    `() => 'it did not count so far'`,
    ['--seeds', '1', '--faults', 'crash,clock'],
  ],
])('the line that repeats a failure %s is a command that fails in the same way', async (_, name, invariant, args) => {
  using dir = workspace();
  dir.file(
    name,
    `import counter, { simulation as three } from ${JSON.stringify(dir.fixture('counter.ts'))};
     export default counter;
     export const simulation = () => ({ ...three(), invariants: { four: ${invariant} } });`,
  );
  const first = await dir.troupe('simulate', name, ...args);
  expect(first.code).toBe(1);
  const reported = reportOf(first.out);
  const repeated = await dir.shell(reported.again);
  expect(repeated.code).toBe(1);
  expect(repeated.out).toMatch(/^1 seeds/);
  expect(reportOf(repeated.out)).toEqual(reported);
  const whole = await dir.shell(`${reported.again} --until ${reported.steps}`);
  expect(reportOf(whole.out).problems).toEqual(reported.problems);
  expect(whole.out).toMatch(/ commit counter\/sim 1 xstate\.init -> "counting"/);
});

/** The first failure of a report. */
function reportOf(out: string) {
  const [, problems] = /^Seed \d+:\n([^]*?)\n {2}It fails/m.exec(out) ?? [];
  const [, again = ''] = /^ {2}Again: (troupe .*)$/m.exec(out) ?? [];
  const [, steps] = /add --until (\d+)/.exec(out) ?? [];
  return { problems, again, steps };
}

test.concurrent.each([
  [['--seeds', '0'], /whole number from 1/],
  [['--faults', 'flood'], /no fault "flood"; there are drop/],
  [['--only', '3'], /--only takes the numbers of faults of one seed. Name the seed with --seed/],
  [['--seed', '3', '--only', '3-1'], /--only expects the numbers of faults.*got "3-1"/],
])('%j is wrong usage', async (args, says) => {
  using dir = workspace();
  const { code, err } = await dir.troupe('simulate', dir.fixture('counter.ts'), ...args);
  expect({ code, says: says.test(err) }).toEqual({ code: 2, says: true });
});

test.concurrent('a file of seeds that cannot be read is refused with the line', async () => {
  using dir = workspace();
  const file = dir.file('counter.mts', `export { default } from ${JSON.stringify(dir.fixture('counter.ts'))};`);
  writeFileSync(`${file}.seeds`, '# known\n12\ntwelve\n');
  const { code, err } = await dir.troupe('simulate', file, '--seeds', '1');
  expect({ code, err }).toEqual({
    code: 2,
    err: `${file}.seeds:3: expected a seed, a whole number from 1; got "twelve".\n`,
  });
});
