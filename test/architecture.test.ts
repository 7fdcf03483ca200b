/** The house plan. Each room may import the rooms listed beside it and nothing else; what only its types may know is `types`. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { budgets } from './reporter/rooms.ts';
import { codeOf, cyclesIn, exportsOf, importsOf, packageOf } from './architecture/imports.ts';

interface Room {
  may: readonly string[];
  /** By `import type` only. */
  types?: readonly string[];
}

const plan: Record<string, Room> = {
  /** What everything is made of. */
  'src/values': { may: [] },
  /** What is said: messages, and what agents, tools, models and budgets look like as data. */
  'src/contracts': { may: ['src/values'] },
  /** The pure step: a message and a state in, a commit and an outbox out. */
  'src/core': { may: ['src/values', 'src/contracts'] },
  machines: {
    may: [
      'src/core/lightCopy.ts',
      'src/values/backoff.ts',
      'src/values/json.ts',
      'src/values/record.ts',
      'src/values/properties.ts',
      'src/contracts/ending.ts',
      'src/contracts/eventContext.ts',
      'src/contracts/flow/record.ts',
      'src/contracts/health.ts',
      'src/contracts/parts.ts',
      'src/contracts/routerResult.ts',
      'src/contracts/workflow/metrics.ts',
    ],
    types: ['src/values', 'src/contracts'],
  },
  /** The connection to NATS, and where large values are stored. */
  'src/nats': { may: ['src/values'] },
  /** Large contents, as streams. */
  'src/blobs': { may: ['src/values', 'src/nats'] },
  'src/transport': { may: ['src/values', 'src/contracts', 'src/nats'] },
  'src/journal': { may: ['src/values', 'src/contracts', 'src/nats'] },
  /** Defaults of runs: from code, the environment and files. */
  'src/config': { may: ['src/values', 'src/contracts'] },
  'src/tools': { may: ['src/values', 'src/contracts'] },
  'src/observe': { may: ['src/values', 'src/contracts'] },
  /** Requests whose target the data may choose. */
  'src/security': { may: ['src/values'] },
  /** Secrets under names: in memory, or in an encrypted file. */
  'src/secrets': { may: ['src/values', 'src/contracts'] },
  'src/gateway': { may: ['src/values', 'src/contracts', 'src/observe', 'src/security'] },
  'src/mcp': { may: ['src/values', 'src/contracts', 'src/observe', 'src/tools', 'src/security'] },
  /** The host around the pure step: it loads, commits and performs. */
  'src/engine': { may: ['src/values', 'src/contracts', 'src/core'], types: ['src/journal', 'src/transport'] },
  /** The language of YAML workflows: files, expressions, transforms and checks, all without effects but reading files. */
  'src/workflow': { may: ['src/values', 'src/contracts'] },
  /** What flows are written with, and what is read from their records. */
  'src/flow': { may: ['src/values', 'src/contracts'] },
  actors: {
    may: [
      'src/values',
      'src/contracts',
      'src/core/lightCopy.ts',
      'machines',
      'src/workflow',
      'src/flow',
      'src/security',
    ],
    types: ['src/gateway', 'src/mcp'],
  },
  /** What a user writes. */
  'src/define': {
    may: ['src/values', 'src/contracts', 'src/core', 'machines', 'actors', 'src/mcp', 'src/workflow', 'src/flow'],
    types: ['src/tools'],
  },
  /** The JSON formats of other systems. */
  'src/formats': { may: ['src/values', 'src/contracts', 'src/define', 'src/gateway'], types: ['actors'] },
  /** Puts the rooms together: the only room that knows all below it. */
  'src/runtime': {
    may: [
      'src/values',
      'src/contracts',
      'src/core',
      'machines',
      'src/nats',
      'src/transport',
      'src/journal',
      'src/blobs',
      'src/config',
      'src/tools',
      'src/observe',
      'src/gateway',
      'src/mcp',
      'src/workflow',
      'src/flow',
      'src/security',
      'src/secrets',
      'src/engine',
      'actors',
      'src/define',
      'src/formats',
    ],
  },
  /** Nodes: processes that share runs, and the client that controls them. */
  'src/cluster': {
    may: [
      'src/values',
      'src/contracts',
      'src/nats',
      'src/observe',
      'src/transport/nats/codec.ts',
      'src/engine/clock.ts',
      'src/define',
      'src/runtime',
    ],
    types: ['src/journal'],
  },
  /** Versions of definitions with their code, the tags that choose one, and schedules that start runs of them. */
  'src/deployments': { may: ['src/values', 'src/contracts', 'src/nats', 'src/define'], types: ['src/runtime'] },
  /** HTTP: what programs without this package ask for. */
  'src/doors': {
    may: [
      'src/values',
      'src/contracts',
      'src/observe',
      'src/gateway',
      'src/mcp',
      'src/workflow',
      'src/flow',
      'src/security',
      'src/engine/clock.ts',
      'actors',
      'src/define',
      'src/runtime',
      'src/cluster',
    ],
    types: ['src/journal'],
  },
  /** What can be done with runs, for people and programs: over a journal, in any process. */
  'src/client': {
    may: [
      'src/values',
      'src/contracts',
      'src/flow',
      'src/engine/clock.ts',
      'actors/flow/facts.ts',
      'src/runtime',
      'src/doors/http/clients/controlClient.ts',
      'src/nats/options.ts',
      'src/nats/packages.ts',
      'src/cluster/control/client.ts',
    ],
    types: ['src/journal', 'src/nats', 'src/secrets'],
  },
  'src/testing': {
    may: [
      'src/values',
      'src/contracts',
      'src/core',
      'machines',
      'src/transport',
      'src/journal',
      'src/blobs',
      'src/tools',
      'src/observe',
      'src/gateway',
      'src/engine',
      'actors',
      'src/define',
      'src/flow',
      'src/runtime',
      'src/deployments',
    ],
  },
  'src/cli': {
    may: [
      'src/values',
      'src/contracts',
      'src/nats',
      'src/observe',
      'src/secrets',
      'src/engine/clock.ts',
      'src/define',
      'src/formats',
      'src/flow',
      'src/runtime',
      'src/client',
      'src/cluster',
      'src/workflow',
      'src/flow',
      'src/doors',
      'src/deployments',
      'src/testing',
    ],
    types: ['src/journal'],
  },
  /** Agents of other frameworks inside flows, each a door of its own. */
  'src/adapters': {
    may: ['src/values', 'src/contracts', 'src/flow', 'actors/flow/flowScope.ts'],
  },
  /** The front door, `index.ts`: it names what a user imports. */
  src: {
    may: [
      'src/values',
      'src/contracts',
      'src/tools',
      'src/flow',
      'src/gateway',
      'actors',
      'src/config',
      'src/define',
      'src/runtime',
      'src/client',
      'src/cluster',
    ],
    types: ['src/observe', 'src/engine', 'src/secrets'],
  },
};

/** Packages that one place in the house knows; everybody else goes through its door. */
const packages: Record<string, { in: readonly string[]; types?: readonly string[] }> = {
  xstate: { in: ['machines', 'actors', 'src/core', 'src/engine', 'src/testing'] },
  '@ai-sdk/*': { in: ['src/gateway'] },
  ai: { in: ['src/adapters'] },
  '@openai/*': { in: ['src/adapters'] },
  '@langchain/*': { in: ['src/adapters'] },
  langchain: { in: ['src/adapters'] },
  '@modelcontextprotocol/*': { in: ['src/mcp', 'src/doors'] },
  '@nats-io/*': { in: ['src/nats', 'src/transport', 'src/journal', 'src/cluster'] },
  yaml: { in: ['src/workflow', 'src/config'] },
  jmespath: { in: ['src/workflow'] },
  ajv: { in: ['src/workflow'] },
  'ajv-formats': { in: ['src/workflow'] },
  hono: { in: ['src/doors'] },
  '@hono/node-server': { in: ['src/doors'] },
  pino: { in: ['src/observe'] },
  ws: { in: ['src/observe'] },
  commander: { in: ['src/cli'] },
  elkjs: { in: ['src/cli'] },
  croner: { in: ['src/deployments'] },
  rolldown: { in: ['src/deployments'] },
  vitest: { in: ['src/testing'] },
  tsx: { in: ['src/cli'] },
  libsql: { in: ['src/journal'] },
  'node:sqlite': { in: ['src/journal'] },
  'node:http': { in: ['src/observe', 'src/doors', 'src/security'] },
  'node:https': { in: ['src/security'] },
  'node:child_process': { in: ['src/mcp', 'src/cli'] },
};

/** Time, randomness and ids come in through the clock; only its two makers know where they come from. */
const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|(?<![.\w])set(?:Timeout|Interval)\(/;
const mayBeImpure = ['src/engine/clock.ts', 'src/observe/inspectorPage.ts', 'src/testing/pure.ts']; // the second one runs in a browser, the third one forbids it

/** What only Node has; `process` as a global, not as a property or a parameter. */
const nodeGlobals =
  /(?<![.\w$'"`-])(?:process\.(?:env|pid|argv|cwd|on|emit|version|platform|hrtime)|Buffer\.|setImmediate\(|__dirname)/;

/** The only ones to import what they cannot name: a user's file, and an optional package by its driver's name. */
const mayCompute = ['src/cli/load.ts', 'src/config/file.ts', 'src/journal/'];

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

test('no file imports itself by way of others, not even by types', () => {
  const graph = new Map(
    files.map((file) => [file, imports.filter((i) => i.file === file && i.ours).map(({ to }) => to!)]),
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
  expect(cyclesIn(graph)).toEqual([]);
});

test('src/ holds rooms and its front door, and no loose file', () => {
  expect(files.filter((file) => /^src\/[^/]+$/.test(file))).toEqual(['src/index.ts']);
});

test.each(['src/values', 'src/contracts', 'src/core', 'machines'])('%s uses nothing of Node', (room) => {
  const own = files.filter((file) => roomOf(file) === room);
  const imported = imports.filter((i) => i.room === room && i.to?.startsWith('node:'));
  expect(show(imported)).toEqual([]);
  expect(own.filter((file) => nodeGlobals.test(codeOf(readFileSync(resolve(root, file), 'utf8'))))).toEqual([]);
});

test('a name is exported by one file; another one may only pass it on', () => {
  const declared = new Map<string, string[]>();
  for (const file of files)
    for (const name of exportsOf(readFileSync(resolve(root, file), 'utf8')))
      declared.set(name, [...(declared.get(name) ?? []), file]);
  expect([...declared].filter(([, where]) => new Set(where).size > 1)).toEqual([]);
});

/** Seams that tests alone go through, each with its reason. */
const seamsOfTests = new Set([
  'journalIn', // A driver and a write queue that a test watches, under the journal as it is.
]);

test('what is exported is used by the project itself, and not only by its tests', () => {
  const code = new Map(files.map((file) => [file, codeOf(readFileSync(resolve(root, file), 'utf8'))]));
  const uses = new Map<string, number>();
  for (const text of code.values())
    for (const [word] of text.matchAll(/[\w$]+/g)) uses.set(word, (uses.get(word) ?? 0) + 1);
  const unused = [...code].flatMap(([file, text]) =>
    exportsOf(text)
      .filter((name) => uses.get(name) === 1 && !seamsOfTests.has(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(unused).toEqual([]);
});

test('an actor and its parts know their host by a port of at most six members, and nothing else of it', () => {
  const port = readFileSync(resolve(root, 'src/engine/actorHost.ts'), 'utf8');
  const body = /export interface ActorHost \{\n(.*?)\n\}/s.exec(codeOf(port))?.[1] ?? '';
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map(([, name]) => name);
  expect(members.length).toBeGreaterThan(0);
  expect(members.length).toBeLessThanOrEqual(6);

  const importsIn = (file: string) => imports.filter((i) => i.file === file).map(({ to }) => to ?? '');
  const parts = new Set<string>();
  const visit = (file: string): void => {
    if (!file.startsWith('src/engine/') || parts.has(file)) return;
    parts.add(file);
    importsIn(file).forEach(visit);
  };
  visit('src/engine/actor.ts');
  expect(
    [...parts].filter((file) =>
      /\/(?:host|registry|runStarter|spawner|supervisors|outboxRelay|timers)\.ts$/.test(file),
    ),
  ).toEqual([]);
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

test('what the NATS client calls is contained: only src/nats/subscribe.ts subscribes, and reads the status', () => {
  const strays = files.filter(
    (file) =>
      file !== 'src/nats/subscribe.ts' &&
      /onnection\.(?:subscribe|status)\(/.test(codeOf(readFileSync(resolve(root, file), 'utf8'))),
  );
  expect(strays).toEqual([]);
});

/**
 * Listeners of Node's events, by file, that are not given to `contain`: each only settles a promise, changes a variable or a set, or ends a process.
 * A new one: give what it calls to `contain` (src/values/contain.ts), or see that it cannot throw and raise the number.
 */
const plainListeners: Readonly<Record<string, number>> = {
  'src/cli/earlyExit.ts': 2,
  'src/cli/main.ts': 2,
  'src/cli/terminal.ts': 4,
  'src/cli/watchFolder.ts': 2,
  'src/doors/mcp/stdio.ts': 2,
  'src/mcp/childProcess.ts': 3,
  'src/mcp/stdio.ts': 5,
  'src/observe/httpServer.ts': 1,
  'src/observe/inspector.ts': 2,
  'src/observe/probes.ts': 1,
  'src/runtime/strays.ts': 2,
};

test('a listener of an event of Node cannot throw: contained, or known to be harmless', () => {
  const listeners = files.flatMap((file) =>
    codeOf(readFileSync(resolve(root, file), 'utf8'))
      .split('\n')
      .flatMap((line) => (/\.contain\b|contain\(|=> \{\}\)/.test(line) ? [] : (line.match(/\.(?:on|once)\(/g) ?? [])))
      .map(() => file),
  );
  const counts = Object.fromEntries(
    [...new Set(listeners)].sort().map((file) => [file, listeners.filter((each) => each === file).length]),
  );
  expect(counts).toEqual(plainListeners);
});

test('every room of the tests has a budget of what the suite may cost, and every budget its room', () => {
  const rooms = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .map((file) => (file.includes('/') ? file.split('/')[0]! : '.'));
  expect(Object.keys(budgets).sort()).toEqual([...new Set(rooms)].sort());
});
