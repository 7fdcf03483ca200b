/** `troupe serve --env` keeps its runs where the environment file says. */
import { expect, test } from 'vitest';
import { openRuntime, type RuntimeOptions } from '../../src/runtime/runtime.ts';
import { names, workflowFolder } from './workflowCli.ts';

const files = {
  'workflows/names.workflow.yaml': names,
  'live.env.yaml': 'name: live\nstate: {driver: sqlite, dsn: live.db}\n',
  'other.env.yaml': 'name: other\nstate: {driver: postgres, dsn: "postgres://x"}\n',
};

/** The journal with which it is opened; it ends at once. */
async function journalOf(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { as } = workflowFolder(files);
  let opened: RuntimeOptions | undefined;
  const end = await as(
    {
      env,
      onInterrupt: (call) => (setImmediate(call), { [Symbol.dispose]() {} }),
      open: (options) => ((opened = options), openRuntime({ ...options, db: 'memory' })),
    },
    ...args,
  );
  return { db: opened?.db, ...end };
}

test.each([
  [['serve', '--port', '0', '--env', 'live.env.yaml'], {}, 'live.db'],
  [['start', '--all', '--port', '0', '--env', 'live.env.yaml'], {}, 'live.db'],
  [['start', '--all', '--port', '0', '--env', 'live.env.yaml', '--store-type', 'memory'], {}, 'memory'],
  [['serve', '--port', '0', '--env', 'live.env.yaml', '--db', 'mine.db'], {}, 'mine.db'],
  [['serve', '--port', '0', '--env', 'live.env.yaml'], { TROUPE_DB: 'theirs.db' }, undefined],
  [['start', '--all', '--port', '0'], {}, 'memory'],
])('%s with the variables %o keeps its runs in %s', async (args, env, db) => {
  const withGateway = ['--components', 'orchestrator'];
  const given =
    args[0] === 'serve'
      ? [...args, ...withGateway]
      : args.filter((one) => one !== '--all').toSpliced(1, 0, 'orchestrator');
  expect((await journalOf(given, env)).db).toBe(db);
});

test('a driver that there is not is refused by name, with what to do', async () => {
  const { troupe } = workflowFolder(files);
  const { code, out, err } = await troupe('validate', '--env', 'other.env.yaml');
  expect(code).toBe(1);
  expect(out + err).toMatch(/other\.env\.yaml:2:\d+: .*postgres is not supported/);
});
