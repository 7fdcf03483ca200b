/** Stdin and stdout for a protocol, and nothing else: whatever is printed by files that are loaded goes to stderr. */
import { Writable, type Readable } from 'node:stream';

/** The two ends of the protocol. */
export interface ProtocolStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** Takes them for the rest of the process. */
export function protocolStreams(): ProtocolStreams {
  const write = process.stdout.write.bind(process.stdout);
  const output = new Writable({
    write(chunk: Buffer, _, done) {
      write(chunk, done);
    },
  });
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return { input: process.stdin, output };
}
