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

test.each([
  ['--project-dir', 'nowhere', /no folder .*nowhere \(the project\)/],
  ['--project-dir', 'live.env.yaml', /live\.env\.yaml is a file; the project is a folder/],
  ['--workflow-dir', 'nowhere', /no folder .*nowhere \(--workflow-dir\)/],
  ['--workspace', 'nowhere', /no folder .*nowhere \(--workspace\)/],
  ['--env', 'no.env.yaml', /no file .*no\.env\.yaml \(--env\)/],
  ['--gateway-config', 'no.yaml', /no file .*no\.yaml \(--gateway-config\)/],
])('serve %s %s is refused before anything is opened', async (flag, path, says) => {
  const { code, err, db } = await journalOf(['serve', '--port', '0', flag, path]);
  expect([code, db]).toEqual([2, undefined]);
  expect(err).toMatch(says);
  expect(err).not.toContain('no errors');
});

test('a driver that there is not is refused by name, with what to do', async () => {
  const { troupe } = workflowFolder(files);
  const { code, out, err } = await troupe('validate', '--env', 'other.env.yaml');
  expect(code).toBe(1);
  expect(out + err).toMatch(/other\.env\.yaml:2:\d+: .*postgres is not supported/);
});
