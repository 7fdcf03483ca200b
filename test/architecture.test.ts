/** The house plan. Each room may import the rooms listed beside it and nothing else; what only its types may know is `types`. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { cyclesIn, importsOf, packageOf } from './architecture/imports.ts';

interface Room {
  may: readonly string[];
  /** By `import type` only. */
  types?: readonly string[];
}

const plan: Record<string, Room> = {
  'src/contracts': { may: [] },
  'src/observe': { may: ['src/contracts'] },
  'src/orchestrate': { may: ['src/contracts'] },
  'src/tools': { may: ['src/contracts'] },
  /** The bus itself: its connection, and where large things are put. */
  'src/nats': { may: ['src/contracts'] },
  'src/transport': { may: ['src/contracts', 'src/observe', 'src/nats'] },
  'src/journal': { may: ['src/contracts', 'src/observe', 'src/nats'] },
  'src/gateway': { may: ['src/contracts', 'src/observe'] },
  'src/mcp': { may: ['src/contracts', 'src/observe', 'src/tools'] },
  'src/system': { may: ['src/contracts', 'src/observe', 'src/transport', 'src/journal'] },
  machines: {
    may: ['src/contracts/backoff.ts', 'src/contracts/ending.ts', 'src/contracts/health.ts'],
    types: ['src/contracts'],
  },
  actors: {
    may: ['machines', 'src/contracts'],
    types: ['src/gateway', 'src/tools', 'src/mcp', 'src/journal', 'src/observe', 'src/system', 'src/transport'],
  },
  'src/testing': {
    may: [
      'actors',
      'machines',
      'src/contracts',
      'src/transport',
      'src/journal',
      'src/system',
      'src/gateway',
      'src/charts.ts',
      'src/compile.ts',
      'src/delegate.ts',
      'src/member.ts',
      'src/observe',
      'src/tools',
      'src/outcome.ts',
      'src/runtime.ts',
      'src/seats.ts',
      'src/signals.ts',
      'src/subject.ts',
      'src/tickets.ts',
    ],
  },
  /** Teams that are put together for you. */
  'src/teams': {
    may: [
      'machines',
      'src/contracts',
      'src/agent.ts',
      'src/anyMember.ts',
      'src/orchestrator.ts',
      'src/definition.ts',
      'src/delegate.ts',
      'src/member.ts',
      'src/team.ts',
    ],
  },
  /** The files directly in src/: what a user writes with, and runtime.ts, which knows every room. */
  src: {
    may: [
      'machines',
      'actors',
      'src/contracts',
      'src/cluster',
      'src/observe',
      'src/tools',
      'src/transport',
      'src/nats',
      'src/journal',
      'src/gateway',
      'src/mcp',
      'src/orchestrate',
      'src/system',
      'src/teams',
    ],
  },
  /** Nodes: processes that have runs in common, and who steers them. */
  'src/cluster': {
    may: ['src/contracts', 'src/nats', 'src/transport/nats/wire.ts', 'src/outcome.ts'],
    types: ['src/journal', 'src/runtime.ts'],
  },
  'src/cli': {
    may: [
      'src/cluster',
      'src/nats',
      'src/needs.ts',
      'src/node.ts',
      'src/closers.ts',
      'src/version.ts',
      'src/charts.ts',
      'src/contracts',
      'src/joined.ts',
      'src/natsConfig.ts',
      'src/observe',
      'src/orchestrate',
      'src/outcome.ts',
      'src/profiled.ts',
      'src/control.ts',
      'src/monitor.ts',
      'src/runtime.ts',
      'src/system/clock.ts',
      'src/testing',
    ],
    types: ['src/journal'],
  },
};

/** Packages that one place in the house knows; everybody else goes through its door. */
const packages: Record<string, { in: readonly string[]; types?: readonly string[] }> = {
  xstate: { in: ['machines', 'actors', 'src/system', 'src/testing'], types: ['src'] },
  '@ai-sdk/*': { in: ['src/gateway'] },
  '@modelcontextprotocol/*': { in: ['src/mcp'] },
  '@nats-io/*': { in: ['src/nats', 'src/transport', 'src/journal', 'src/cluster'], types: ['src'] },
  pino: { in: ['src/observe'] },
  ws: { in: ['src/observe'] },
  commander: { in: ['src/cli'] },
  elkjs: { in: ['src/cli'] },
  vitest: { in: ['src/testing'] },
  tsx: { in: ['src/cli'] },
  libsql: { in: ['src/journal'] },
  'node:sqlite': { in: ['src/journal'] },
  'node:http': { in: ['src/observe'] },
  'node:child_process': { in: ['src/mcp'] },
};

/** Time, randomness and ids come in through the clock; only its two makers know where they come from. */
const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|(?<![.\w])set(?:Timeout|Interval)\(/;
const mayBeImpure = ['src/system/clock.ts', 'src/observe/page.ts', 'src/testing/pure.ts']; // the second one runs in a browser, the third one forbids it

/** The only ones to import what they cannot name: a user's file, and an optional package by its driver's name. */
const mayCompute = ['src/cli/load.ts', 'src/journal/'];

const root = resolve(import.meta.dirname, '..');
const files = ['src', 'machines', 'actors']
  .flatMap((dir) =>
    readdirSync(resolve(root, dir), { recursive: true, encoding: 'utf8' }).map((file) => `${dir}/${file}`),
  )
  .filter((file) => file.endsWith('.ts'));

const roomOf = (file: string): string => {
  const [top, next, ...rest] = file.split('/');
  return top === 'src' && rest.length > 0 ? `src/${next}` : top!;
};

const imports = files.flatMap((file) =>
  importsOf(readFileSync(resolve(root, file), 'utf8')).map(({ to, ...how }) => ({
    file,
    room: roomOf(file),
    ...how,
    to: to?.startsWith('.') ? relative(root, resolve(root, dirname(file), to)) : to,
    ours: to?.startsWith('.') ?? false,
  })),
);
const show = (strays: typeof imports) => strays.map(({ file, to }) => `${file} -> ${to}`);

test('every room is on the plan, and every file belongs to a room', () => {
  expect([...new Set(files.map(roomOf))].filter((room) => !(room in plan))).toEqual([]);
});

test.each(Object.entries(plan))('%s imports only what the plan lets it', (room, { may, types = [] }) => {
  const allowed = (to: string, typeOnly: boolean) =>
    roomOf(to) === room || [roomOf(to), to].some((name) => may.includes(name) || (typeOnly && types.includes(name)));
  expect(show(imports.filter((i) => i.room === room && i.ours && !allowed(i.to!, i.typeOnly)))).toEqual([]);
});

test.each(Object.entries(packages))('%s is known only where it belongs', (name, { in: rooms, types = [] }) => {
  const meant = (to: string) =>
    name.endsWith('/*') ? to.startsWith(name.slice(0, -1)) : packageOf(to) === name || to === name;
  const strays = imports.filter(
    (i) => i.to && !i.ours && meant(i.to) && !rooms.includes(i.room) && !(i.typeOnly && types.includes(i.room)),
  );
  expect(show(strays)).toEqual([]);
});

test('every package that is imported is a dependency', () => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(resolve(root, 'package.json'), 'utf8'),
  ) as Record<string, object>;
  const known = new Set(Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
  const strangers = imports.filter((i) => i.to && !i.ours && !i.to.startsWith('node:') && !known.has(packageOf(i.to)));
  expect(show(strangers)).toEqual([]);
});

test('no file imports itself by way of others', () => {
  const graph = new Map(
    files.map((file) => [file, imports.filter((i) => i.file === file && i.ours && !i.typeOnly).map(({ to }) => to!)]),
  );
  expect(cyclesIn(graph)).toEqual([]);
});

test('no two rooms know each other, not even by their types', () => {
  const graph = new Map(
    Object.keys(plan).map((room) => [
      room,
      [
        ...new Set(
          imports.filter((i) => i.room === room && i.ours && roomOf(i.to!) !== room).map(({ to }) => roomOf(to!)),
        ),
      ],
    ]),
  );
  // The files in src/ are not one room: doors like team.ts use rooms, and runtime.ts puts them together for the command line.
  graph.delete('src');
  expect(cyclesIn(graph)).toEqual([]);
});

test('what a file imports can be read in it', () => {
  const computed = imports.filter((i) => i.to === undefined && !mayCompute.some((place) => i.file.startsWith(place)));
  expect(computed.map(({ file }) => file)).toEqual([]);
});

test('relative imports name the file, with its ending', () => {
  expect(show(imports.filter((i) => i.ours && !files.includes(i.to!)))).toEqual([]);
});

test('time and chance come in through the clock', () => {
  const strays = files.filter(
    (file) =>
      !mayBeImpure.some((place) => file.startsWith(place)) && impure.test(readFileSync(resolve(root, file), 'utf8')),
  );
  expect(strays).toEqual([]);
});
