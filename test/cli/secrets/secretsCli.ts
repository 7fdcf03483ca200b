/** Runs `troupe secrets` in this process, in a folder of its own, as in a script. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/program.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { fakeCli } from '../fakeCli.ts';

/** The value of a secret that no message may have in it. */
export const hidden = 'sk-very-hidden-value';

/** A folder that is home and project at once, and the command in it. */
export function secretsCli() {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-secrets-cli-'));
  const clock = virtualClock();
  const run = async (args: readonly string[], over: Parameters<typeof fakeCli>[0] = {}) => {
    const cli = fakeCli({ clock, cwd: folder, isInteractive: false, ...over, env: { HOME: folder, ...over.env } });
    const code = await main(['secrets', ...args], cli);
    return { code, out: cli.outputText(), err: cli.errorText(), mask: cli.mask };
  };
  return {
    folder,
    clock,
    run,
    set: (name: string, ...values: string[]) => run(['set', name, ...values.flatMap((value) => ['--value', value])]),
    async valuesOf(name: string) {
      const { out } = await run(['show', name, '--show-values', '--json']);
      return (JSON.parse(out) as { values: unknown }).values;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
