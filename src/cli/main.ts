#!/usr/bin/env node
/** The `troupe` command. Each command loads its modules when it is called; `--version` loads almost nothing. */
import { version } from '../runtime/version.ts';

// A reader such as `troupe runs list | head -1` closes the pipe early; that is not a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
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
  const { main } = await import('./program.ts');
  const { processCli } = await import('./terminal.ts');
  const code = await main(args, await processCli());
  // The process must end although a user's file may have left handles open, but only after all output was written.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((flushed) => stream.write('', flushed))),
  );
  process.exit(code);
}
