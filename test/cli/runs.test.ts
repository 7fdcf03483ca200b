/** Complete runs from the shell: streams, exit codes, and resuming in another process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { escapeControls } from '../../src/observe/format.ts';
import { workspace } from './troupe.ts';

const json = (text: string) => JSON.parse(text) as Record<string, never>;

test.concurrent('the result goes to stdout, progress to stderr', async () => {
  using dir = workspace();
  const { code, out, err } = await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Greet Ada.');
  expect({ code, out }).toEqual({ code: 0, out: 'Hello Ada!\n' });
  expect(err).toMatch(/greeter {2}has ended well {2}1 turn/);
});

test.concurrent('--json prints one document for programs, and --quiet nothing beside the result', async () => {
  using dir = workspace();
  const { out, err } = await dir.troupe(
    'run',
    dir.fixture('hello.ts'),
    '--input',
    'Greet Ada.',
    '--json',
    '--quiet',
    '--key',
    'job-1',
  );
  expect(json(out)).toMatchObject({ run: 'job-1', status: 'done', output: 'Hello Ada!' });
  expect(err).toBe('');
  expect((await dir.troupe('runs', 'get', 'job-1')).out).toMatch(/status +done[^]*\nHello Ada!\n$/);
});

test.concurrent('the same key joins the same run, and nothing is performed again', async () => {
  using dir = workspace();
  for (let n = 0; n < 2; n++)
    expect((await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Ada', '--key', 'job-1')).out).toBe(
      'Hello Ada!\n',
    );
  const { out } = await dir.troupe('runs', 'list', '--json');
  expect(json(out)).toHaveLength(1);
});

test.concurrent('runs prune deletes runs that ended long ago, and no others', async () => {
  using dir = workspace();
  await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Ada', '--key', 'job-1');
  expect((await dir.troupe('runs', 'prune', '--older-than', '1h')).err).toBe('Deleted 0 runs.\n');
  expect((await dir.troupe('runs', 'prune', '--older-than', '1ms', '--json')).out).toBe('{"runs":1}\n');
  expect((await dir.troupe('runs', 'get', 'job-1')).code).toBe(2);
});

test.concurrent('the name of a journal may have a colon', async () => {
  using dir = workspace();
  const db = ['--db', 'runs-2024:1.db'];
  await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Ada', '--key', 'job-1', ...db);
  expect((await dir.troupe('runs', 'list', ...db)).out).toContain('job-1');
});

test.concurrent('a file can export a function, which receives the values of --set', async () => {
  using dir = workspace();
  const { code, out } = await dir.troupe('run', dir.fixture('desk.ts'), '--set', 'topic=actors');
  expect({ code, result: json(out) }).toEqual({ code: 0, result: { text: 'About actors.' } });
});

test.concurrent('a run that fails exits with code 1, with the reason on stderr', async () => {
  using dir = workspace();
  const { code, out, err } = await dir.troupe('run', dir.fixture('failing.ts'), '--input', 'x', '--key', 'job-2');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/The run job-2 failed \(\w+\): /);
  const { out: text } = await dir.troupe('runs', 'get', 'job-2');
  expect(text).toMatch(/status +failed/);
  expect(text).toMatch(/\nFailed \(\w+\): /);
  expect((await dir.troupe('runs', 'list', '--status', 'failed')).out).toContain('job-2');
  expect((await dir.troupe('runs', 'list', '--status', 'done')).out).not.toContain('job-2');
});

test.concurrent(
  'a run that waits for a person exits with code 3; a second process answers, and a third resumes it',
  async () => {
    using dir = workspace();
    const waiting = await dir.troupe('run', dir.fixture('mail.ts'), '--input', 'Mail Ada.', '--key', 'job-3');
    expect(waiting.code).toBe(3);
    expect(waiting.err).toContain('troupe waits answer ');
    expect(waiting.err).toContain('troupe runs resume job-3');

    const [ticket] = json((await dir.troupe('waits', 'list', '--json')).out) as unknown as [
      { id: string; run: string },
    ];
    expect(ticket.run).toBe('job-3');
    const explained = (await dir.troupe('runs', 'why', 'job-3')).out;
    expect(explained).toContain(`It waits for ${ticket.id} to end.`);
    expect(explained).toContain('It asks a person: ');

    expect((await dir.troupe('waits', 'answer', ticket.id, '--yes', '--by', 'Grace')).code).toBe(0);
    expect((await dir.troupe('waits', 'list')).out).toContain('It is answered; go on with: troupe runs resume job-3');
    const again = await dir.troupe('waits', 'answer', ticket.id, '--no');
    expect(again.code).toBe(1);
    expect(again.err).toContain('answered already');

    const resumed = await dir.troupe('runs', 'resume', 'job-3');
    expect({ code: resumed.code, out: resumed.out }).toEqual({ code: 0, out: 'It is sent.\n' });
    expect((await dir.troupe('waits', 'list')).err).toContain('Nothing waits');
  },
);

test.concurrent('a question is shown with its control characters escaped', async () => {
  using dir = workspace();
  await dir.troupe('run', dir.fixture('mail.ts'), '--input', 'Mail Ada.', '--key', 'job-4');
  const { out } = await dir.troupe('waits', 'list');
  expect(out).toContain('"to": "ada\\u001b[2J\\u202e@example.org"');
  expect(out.split('\n').map(escapeControls).join('\n')).toBe(out);
});

test.concurrent('Ctrl-C parks a run, and resuming it leads to the same result', async () => {
  using dir = workspace();
  const gate = join(dir.folder, 'gate');
  const running = dir.start(
    'run',
    dir.fixture('slow.ts'),
    '--set',
    `gate=${gate}`,
    '--input',
    'Wait.',
    '--key',
    'job-5',
  );
  await running.until(/calls \w+/);
  running.process.kill('SIGINT');
  const parked = await running.ended;
  expect(parked.code).toBe(3);
  expect(parked.err).toContain('nothing is lost. Go on with: troupe runs resume job-5');
  expect((await dir.troupe('runs', 'list', '--status', 'active')).out).toContain('job-5');

  writeFileSync(gate, '');
  const resumed = await dir.troupe('runs', 'resume', 'job-5');
  expect({ code: resumed.code, out: resumed.out }).toEqual({ code: 0, out: 'The gate is open.\n' });
});

test.concurrent('a second Ctrl-C exits at once, without losing the run', async () => {
  using dir = workspace();
  const gate = join(dir.folder, 'gate');
  const running = dir.start(
    'run',
    dir.fixture('slow.ts'),
    '--set',
    `gate=${gate}`,
    '--input',
    'Wait.',
    '--key',
    'job-6',
  );
  await running.until(/calls \w+/);
  running.process.kill('SIGINT');
  await running.until(/Parking the run/);
  running.process.kill('SIGINT');
  expect((await running.ended).code).toBe(130);

  writeFileSync(gate, '');
  expect((await dir.troupe('runs', 'resume', 'job-6')).out).toBe('The gate is open.\n');
});

test.concurrent('a running run can be followed and cancelled from another process', async () => {
  using dir = workspace();
  const running = dir.start(
    'run',
    dir.fixture('slow.ts'),
    '--set',
    `gate=${join(dir.folder, 'never')}`,
    '--input',
    'Wait.',
    '--key',
    'job-7',
  );
  await running.until(/calls \w+/);
  const following = dir.start('runs', 'tail', 'job-7');
  await following.until(/callModel/);
  const resumed = await dir.troupe('runs', 'resume', 'job-7');
  expect(resumed.err).toContain('Another process is at work on job-7');
  expect((await dir.troupe('runs', 'cancel', 'job-7', '--reason', 'enough')).code).toBe(0);
  const cancelled = await running.ended;
  expect(cancelled.code).toBe(1);
  expect(cancelled.err).toContain('cancelled: enough');
  expect((await following.ended).code).toBe(1);
  const late = await dir.troupe('runs', 'cancel', 'job-7');
  expect({ code: late.code, err: late.err }).toEqual({ code: 2, err: expect.stringContaining('has ended already') });
});

test.concurrent('runs logs lists every step and every result, with --json as records', async () => {
  using dir = workspace();
  await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Ada', '--key', 'job-8');
  const { out } = await dir.troupe('runs', 'logs', 'job-8', '--json');
  const records = out.trim().split('\n').map(json);
  expect(new Set(records.map((record) => record['type']))).toEqual(new Set(['step', 'result']));
  expect(records.at(-1)).toMatchObject({ type: 'step', status: 'done' });
});

test.concurrent('a pipe that is closed early is not an error', async () => {
  using dir = workspace();
  await dir.troupe('run', dir.fixture('hello.ts'), '--input', 'Ada', '--key', 'job-9');
  const running = dir.start('runs', 'logs', 'job-9');
  running.process.stdout!.destroy();
  const { code, err } = await running.ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test.concurrent('a log on stderr is JSON in a pipe and holds no secret', async () => {
  using dir = workspace();
  const { err } = await dir.troupe(
    'run',
    dir.fixture('hello.ts'),
    '--input',
    'Ada',
    '--log',
    'debug',
    '--key',
    'job-10',
  );
  const lines = err.trim().split('\n').map(json);
  expect(lines.every((line) => line['run'] === 'job-10' && line['actor'] === 'agent/job-10')).toBe(true);
});

test.concurrent('a chart is drawn as mermaid text or as a picture', async () => {
  using dir = workspace();
  expect((await dir.troupe('graph', dir.fixture('hello.ts'))).out).toMatch(/^stateDiagram-v2\n[\s\S]*"execution"/);
  expect((await dir.troupe('graph', dir.fixture('desk.ts'))).out).toMatch(/^flowchart LR\n[\s\S]*writer/);
  const { code, out } = await dir.troupe('graph', dir.fixture('desk.ts'), '--svg');
  expect(code).toBe(0);
  expect(out).toMatch(/^<svg [\s\S]*>writer<[\s\S]*<\/svg>\n$/);
});

test.concurrent('doctor reports a healthy installation, and a damaged journal', async () => {
  using dir = workspace();
  const healthy = await dir.troupe('doctor');
  expect(healthy.code).toBe(0);
  expect(healthy.out).toMatch(/✓ journal .*every chain whole/);
  dir.file('garbage.db', 'this is no database '.repeat(500));
  const broken = await dir.troupe('doctor', '--db', join(dir.folder, 'garbage.db'));
  expect(broken.code).toBe(1);
  expect(broken.out).toMatch(/✗ journal/);
});

test.concurrent('--inspect prints its address, and a viewer there sees the run', async () => {
  using dir = workspace();
  const gate = join(dir.folder, 'gate');
  const running = dir.start(
    'run',
    dir.fixture('slow.ts'),
    '--set',
    `gate=${gate}`,
    '--input',
    'Wait.',
    '--inspect',
    '--key',
    'job-11',
  );
  await running.until(/Watch it at http:\S+\n[\s\S]*calls \w+/);
  running.process.kill('SIGINT');
  const url = /Watch it at (\S+)/.exec((await running.ended).err)![1]!;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{24}$/);
});
