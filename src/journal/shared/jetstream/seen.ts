/**
 * Compares a server with what was seen of a tenant's journal, by this process and by others of this machine. A server that was emptied, or restored to an
 * older state, is refused: what ended since is not in it, and would be run again.
 */
import { reasonOf } from '../../../values/cause.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import { TroupeError } from '../../../values/failure.ts';
import { readMarker, seenStreams, writeMarker, type Marker, type SeenStream } from './seenFile.ts';

/** What the server has. */
export interface SeenSource {
  /** The identity of the store, and the last sequence of each stream. */
  state(): Promise<{ readonly identity: string } & Readonly<Record<SeenStream, number>>>;
  /** The digest of the message with a sequence; undefined when it was deleted. */
  digestOf(stream: SeenStream, sequence: number): Promise<string | undefined>;
}

/** How it is remembered. */
export interface SeenOptions {
  readonly source: SeenSource;
  readonly clock: Clock;
  /** The file; undefined: only this process remembers. */
  readonly path: string | undefined;
  /** What the server lacks is given up. */
  readonly acceptRestored: boolean;
  readonly onNotice: (says: string) => void;
}

/** What was seen. Disposing writes what is not in the file yet. */
export interface Seen extends AsyncDisposable {
  /** The identity of the store. */
  readonly identity: string;
  /** Remembers a message. `digest`: what it says, where that is known; called when it is needed. */
  note(stream: SeenStream, sequence: number, digest?: () => string): void;
  /** Rejects with `environment` when the server has less than was seen, or another past. */
  check(): Promise<void>;
}

/** Milliseconds between two writes of the file. */
const writeInterval = 3_000;

/** Reads the file and compares the server with it; rejects as `check` does. */
export async function rememberSeen({ source, clock, path, acceptRestored, onNotice }: SeenOptions): Promise<Seen> {
  const ending = new AbortController();
  /** How the digest of the newest message of a stream is made. */
  const digests = new Map<SeenStream, (() => string) | undefined>();
  let isNewPast = false;
  let seen = (path === undefined ? undefined : await readMarker(path)) ?? (await current());
  let written: Marker | undefined;
  let isWarned = false;

  async function current(): Promise<Marker> {
    const { identity, ...last } = await source.state();
    return { identity, log: { sequence: last.log }, runs: { sequence: last.runs }, mail: { sequence: last.mail } };
  }

  async function check(): Promise<void> {
    const server = await current();
    const difference = await differenceTo(server);
    if (!difference) return;
    if (!acceptRestored) throw difference;
    onNotice(
      'The server has lost messages of the shared journal that it had acknowledged. As it was told to, this process continues from what the server has. Leave out the option next time.',
    );
    [seen, isNewPast] = [server, true];
  }
  async function differenceTo(server: Marker): Promise<TroupeError | undefined> {
    if (server.identity !== seen.identity) return anotherJournal(path);
    for (const stream of seenStreams) {
      addDigest(stream);
      const { sequence, digest } = seen[stream];
      if (sequence > server[stream].sequence) return olderState(stream, sequence, server[stream].sequence, path);
      const found = digest === undefined ? undefined : await source.digestOf(stream, sequence);
      // A message that was deleted says nothing.
      if (found !== undefined && found !== digest) return olderState(stream, sequence, server[stream].sequence, path);
    }
    return undefined;
  }

  /** A restored server may have another message at the position. */
  function addDigest(stream: SeenStream): void {
    const digest = digests.get(stream)?.();
    digests.delete(stream);
    if (digest !== undefined) seen = { ...seen, [stream]: { ...seen[stream], digest } };
  }
  /** Of what was only listed the server is asked. */
  async function addDigests(): Promise<void> {
    for (const stream of seenStreams) {
      addDigest(stream);
      const { sequence, digest: known } = seen[stream];
      if (sequence === 0 || known !== undefined) continue;
      const digest = await source.digestOf(stream, sequence).catch(() => undefined);
      if (digest !== undefined && seen[stream].sequence === sequence)
        seen = { ...seen, [stream]: { sequence, digest } };
    }
  }
  async function write(to: string): Promise<void> {
    if (seen === written) return;
    await addDigests();
    const marker = seen;
    try {
      await writeMarker(to, marker, `${to}.${clock.id()}.tmp`, isNewPast);
      [written, isNewPast] = [marker, false];
    } catch (thrown) {
      if (!isWarned)
        onNotice(
          `${to} cannot be written (${reasonOf(thrown)}), so the next start does not notice when the server was restored to an older state.`,
        );
      isWarned = true;
    }
  }
  async function writeOften(to: string): Promise<void> {
    while (!ending.signal.aborted) {
      await write(to);
      await sleep(clock, writeInterval, ending.signal).catch(() => {});
    }
    await write(to);
  }

  await check();
  const writing = path === undefined ? Promise.resolve() : writeOften(path);
  return {
    identity: seen.identity,
    note(stream, sequence, digest) {
      if (sequence <= seen[stream].sequence) return;
      seen = { ...seen, [stream]: { sequence } };
      digests.set(stream, digest);
    },
    check,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await writing;
    },
  };
}

const anotherJournal = (path: string | undefined) =>
  new TroupeError(
    'environment',
    `The shared journal is another one than this machine has seen: the server's store was emptied or replaced, and what was committed is not in it. Put the store back${path === undefined ? '.' : `; or, if it is meant to begin anew, delete ${path}.`}`,
    { data: { gone: true } },
  );

/** Going on would begin anew what has ended since: its results are lost, and who asks for them again has the work done twice. */
const olderState = (stream: SeenStream, sequence: number, last: number, path: string | undefined) =>
  new TroupeError(
    'environment',
    `The server's shared journal is in an older state than the one that this machine has seen: message ${sequence} of its stream "${stream}" is not in it any more (it ends at ${last}). It was restored from a backup, or has lost what it had acknowledged. Runs that ended since are not in it and would be run again. Put the newer store back; or, if the older state is to hold, say so: --nats-accept-restored, TROUPE_NATS_ACCEPT_RESTORED=1 or nats: { acceptRestored: true }${path === undefined ? '' : ` (seen so far: ${path})`}.`,
    { data: { gone: true, stream, seen: sequence, last } },
  );
