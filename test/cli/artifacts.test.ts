/** `troupe artifacts`: what a run was given and has made, listed and saved to files. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/program.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { openRuntime } from '../../src/runtime/runtime.ts';
import { natsServer, type NatsServer } from '../nats/server.ts';
import { fakeCli } from './fakeCli.ts';
import { workspace, type Workspace } from './troupe.ts';

const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(300_000, 7)]);
interface Row {
  readonly artifact: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly name?: string;
}
const started = async (at: Workspace, ...on: string[]) => {
  writeFileSync(join(at.folder, 'picture.png'), picture);
  at.file('notes.md', '# Notes');
  const files = ['--file', 'picture.png', '--file', 'notes.md'];
  const { code } = await at.troupe('run', at.fixture('sees.ts'), '--key', 'job', '--input', 'Look.', ...files, ...on);
  expect(code).toBe(0);
  const { out } = await at.troupe('artifacts', 'list', 'job', '--json', ...on);
  return JSON.parse(out) as [Row, Row];
};

describe('on a journal in a file', () => {
  let at: Workspace;
  let rows: [Row, Row];
  let id: string;
  beforeAll(async () => {
    at = workspace();
    rows = await started(at);
    id = rows[0].artifact;
  });
  afterAll(() => at[Symbol.dispose]());
  /** In this process, which is enough for what it says. */
  const here = async (...args: string[]) => {
    const cli = fakeCli({ cwd: at.folder, clock: systemClock(), open: openRuntime });
    const code = await main(['artifacts', ...args, '--db', join(at.folder, 'troupe.db')], cli);
    return { code, out: cli.outputText(), err: cli.errorText() };
  };
  const save = (...args: string[]) => here('save', 'job', ...args);

  test('they are listed with type, size, name and the actor that holds them, and without their bytes', async () => {
    expect(rows).toMatchObject([
      { mediaType: 'image/png', bytes: picture.length, name: 'picture.png', at: 'agent/job' },
      { mediaType: 'text/markdown', bytes: 7, name: 'notes.md' },
    ]);
    expect(JSON.stringify(rows)).not.toContain('data');
    const { code, out } = await here('list', 'job');
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `^ARTIFACT +TYPE +SIZE +NAME +HELD BY\n${id.slice(0, 12)} +image/png +300008 bytes +picture.png +agent/job\n`,
      ),
    );
  });

  test('one is saved byte for byte, by the first digits of its id, and its type and size are told', async () => {
    const { code, out, err } = await at.troupe('artifacts', 'save', 'job', id.slice(0, 8), '--to', 'copy.png');
    expect([code, out]).toEqual([0, '']);
    expect(err).toContain(`Saved image/png, 300008 bytes, to ${join(at.folder, 'copy.png')}.`);
    expect(readFileSync(join(at.folder, 'copy.png')).equals(picture)).toBe(true);
    const json = await save(id, '--to', 'other.png', '--json');
    expect(JSON.parse(json.out)).toEqual({
      artifact: id,
      mediaType: 'image/png',
      bytes: picture.length,
      file: join(at.folder, 'other.png'),
    });
  });

  test('a file that is there is left as it is, and replaced with --force', async () => {
    at.file('mine.png', 'mine');
    const refused = await save(id, '--to', 'mine.png');
    expect([refused.code, readFileSync(join(at.folder, 'mine.png'), 'utf8')]).toEqual([2, 'mine']);
    expect(refused.err).toMatch(/mine\.png is there already, and was left as it is.*--force/);
    expect((await save(id, '--to', 'mine.png', '--force')).code).toBe(0);
    expect(readFileSync(join(at.folder, 'mine.png')).equals(picture)).toBe(true);
  });

  test.each([
    [
      'an artifact that there is not',
      ['deadbeef'],
      'x.png',
      /The run "job" has no artifact "deadbeef".*artifacts list job/,
    ],
    ['what is no id', ['picture.png'], 'x.png', /named by its id.*got "picture\.png"/],
    ['too few digits', ['abc'], 'x.png', /the first 6 or more/],
    ['a folder', [], 'folder', /folder is a folder; --to names the file/],
    ['a file as a folder', [], 'notes.md/x.png', /notes\.md\/x\.png cannot be written: ENOTDIR/],
    ['a folder that there is not', [], 'gone/x.png', /gone\/x\.png cannot be written: ENOENT.*--to/],
  ])('%s is refused in clear words, and nothing is written', async (_, reference, to, message) => {
    mkdirSync(join(at.folder, 'folder'), { recursive: true });
    const before = readdirSync(at.folder);
    const { code, err } = await save(...(reference.length > 0 ? reference : [id]), '--to', to);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(readdirSync(at.folder)).toEqual(before);
  });

  test('a run that there is not is named, and so is what --to is for', async () => {
    const { code, err } = await here('list', 'nobody');
    expect([code, err]).toEqual([2, expect.stringContaining('There is no run "nobody"') as string]);
    const without = await save(id);
    expect([without.code, without.err]).toEqual([
      2,
      expect.stringContaining("required option '--to <file>'") as string,
    ]);
  });
});

describe('on a NATS server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await natsServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('another process lists and saves what a run was given', async () => {
    using at = workspace();
    const on = ['--nats', server.url];
    // The journal is on the server.
    const [{ artifact }] = await startedOnServer(at, on);
    const { code, err } = await at.troupe('artifacts', 'save', 'job', artifact, '--to', 'copy.png', ...on);
    expect([code, err]).toEqual([0, expect.stringContaining('Saved image/png, 300008 bytes') as string]);
    expect(readFileSync(join(at.folder, 'copy.png')).equals(picture)).toBe(true);
  });

  const startedOnServer = (at: Workspace, on: readonly string[]) => started(at, ...on);
});
