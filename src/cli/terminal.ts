/** The real process of a command: its streams, its terminal and its signals. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../engine/clock.ts';
import { secretsInEnv } from '../observe/envSecrets.ts';
import { secretMask } from '../observe/secretMask.ts';
import { contain } from '../values/contain.ts';
import { decodeUtf8 } from '../values/utf8.ts';
import { expectExit } from './earlyExit.ts';
import type { Cli } from './cli.ts';

/** The process that this module runs in. */
export async function processCli(): Promise<Cli> {
  const mask = secretMask(secretsInEnv(process.env));
  return {
    env: process.env,
    cwd: process.cwd(),
    out: process.stdout,
    err: process.stderr,
    isInteractive: process.stdin.isTTY && process.stderr.isTTY,
    clock: systemClock(),
    mask,
    async open(options) {
      // Loaded with the engine, which a command such as --help does not need.
      const [{ openRuntime }, { processMask }] = await Promise.all([
        import('../runtime/runtime.ts'),
        import('../observe/processMask.ts'),
      ]);
      processMask.passOn(mask);
      return openRuntime(options);
    },
    readAll: async () => decodeUtf8(await buffer(process.stdin), 'stdin'),
    async ask(question, signal, { hidden = false } = {}) {
      // What is typed is echoed to the output.
      const output = hidden ? new Writable({ write: (_, __, done) => done() }) : process.stderr;
      const lines = createInterface({ input: process.stdin, output, ...(hidden ? { terminal: true } : {}) });
      if (hidden) process.stderr.write(question);
      // readline takes Ctrl-C in raw mode: it is passed on as the signal that commands wait for.
      lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
      try {
        return await Promise.race([lines.question(question, { signal }), ended]);
      } catch {
        return undefined; // The signal fired.
      } finally {
        lines.close();
        if (hidden) process.stderr.write('\n');
      }
    },
    onInterrupt(call) {
      const interrupt = () => contain('An interrupt', call);
      process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
      return { [Symbol.dispose]: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt) };
    },
    exitNow(code) {
      expectExit();
      process.exit(code);
    },
  };
}
