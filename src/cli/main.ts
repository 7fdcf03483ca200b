#!/usr/bin/env node
/** The `troupe` command. Each command loads its modules when it is called; `--version` loads almost nothing. */
import { keepCompiled } from './compileCache.ts';
import { expectExit, goesOnUnread, watchExit } from './earlyExit.ts';
import { version } from '../runtime/version.ts';

/** Why the output could not be written; the command goes on, because its run must not end with a full disk under its log. */
let unwritten: string | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // A reader such as `troupe runs list | head -1` closes the pipe early; that is not a failure. A run under way ends as it would have.
    if (code === 'EPIPE') {
      if (goesOnUnread()) return;
      expectExit();
      process.exit();
    }
    if (stream === process.stderr || unwritten !== undefined) return;
    unwritten = message;
    process.stderr.write(`The output cannot be written: ${message}. Make room, or write it to another place.\n`);
  });
}

const args = process.argv.slice(2);
// A supervisor may stop a node while its modules are being loaded. It has nothing to leave by then; later the command listens itself.
if (args[0] === 'node')
  process.on('SIGTERM', () => {
    if (process.listenerCount('SIGTERM') === 1) process.exit(0);
  });
if (args.length === 1 && args.every((arg) => ['--version', '-V', '-v'].includes(arg))) {
  process.stdout.write(`${version()}\n`);
} else {
  keepCompiled(process.env);
  watchExit();
  const { main } = await import('./program.ts');
  const { processCli } = await import('./terminal.ts');
  const code = await main(args, await processCli());
  // The process must end although a user's file may have left handles open, but only after all output was written.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((flushed) => stream.write('', flushed))),
  );
  expectExit();
  process.exit(code === 0 && unwritten !== undefined ? 1 : code);
}
