#!/usr/bin/env node
/** The `troupe` command. Whatever a command needs is loaded when it is called: asking for the version loads nothing. */
import { version } from '../version.ts';

// A reader that has seen enough (`troupe runs list | head -1`) closes the pipe; that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

const args = process.argv.slice(2);
if (args.length === 1 && ['--version', '-V', '-v'].includes(args[0]!)) {
  process.stdout.write(`${version()}\n`);
} else {
  const { main } = await import('./program.ts');
  const { terminal } = await import('./terminal.ts');
  const code = await main(args, await terminal());
  // What a user's file left open must not keep the command alive; what was written must be out before it ends.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((flushed) => stream.write('', flushed))),
  );
  process.exit(code);
}
