/**
 * Serves inspection events, live, to browsers on this machine: a list of actors, and Stately's inspector.
 *
 * It listens on loopback only. Host and Origin are checked against its own address, so that no page of another site can connect.
 * The URL holds a token, so that no other user of this machine can connect. A viewer that connects later gets the latest events.
 * A viewer that reads too slowly is disconnected, which limits the memory that it can use; when it connects again it gets the present state.
 * What a viewer gets when it connects does not count for that: it is sent as fast as the viewer reads, however much it is.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { TroupeError } from '../values/failure.ts';
import { actorTypeOf } from '../values/ids.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { propertiesOf } from '../values/properties.ts';
import { setBounded } from './boundedMap.ts';
import { httpServer, targetOf } from './httpServer.ts';
import { portOf } from './localPort.ts';
import { inspectorPage, inspectorPagePolicy } from './inspectorPage.ts';
import { ringBuffer } from './ringBuffer.ts';
import { stallText } from './stallText.ts';
import { statelyActorMessage, statelyEventMessage, statelySnapshotMessage } from './statelyFeed.ts';
import { inspectorViewer, type Viewer } from './viewer.ts';

/** How the inspector is served. */
export interface InspectorOptions {
  /** A random text; requests without it in their URL are refused. */
  token: string;
  /** A free port by default. */
  port?: number;
  /** How many of the latest messages are kept for viewers that connect later; 1,000 by default. */
  keep?: number;
  /** Bytes of what happens that may wait to be sent to a viewer before it is disconnected; 4 MiB by default. */
  maxBufferedBytes?: number;
  /** The chart of an actor's type as JSON, for drawing; without it only names are shown. */
  definition?: (type: string) => string | undefined;
  /** Applied to every message; see `redactor`. By default nothing is masked. */
  redact?: (text: string) => string;
}

/** A running inspector; disposing it disconnects every viewer and closes the port. */
export interface Inspector extends AsyncDisposable {
  /** Where a browser opens it, with the token. */
  readonly url: string;
  readonly observe: Observer;
}

/** Actors, and components of health, that are kept for viewers that connect later. */
const mostActors = 1_000;
/** Characters of a message; a longer one is sent without its context. */
const largest = 256 * 1024;

/**
 * Serves the inspector. Rejects with `environment` when the port is taken.
 * @example await using view = await inspector({ token }); runtime.observe(view.observe); console.error(view.url);
 */
export async function inspector(options: InspectorOptions): Promise<Inspector> {
  const {
    token,
    port = 0,
    keep = 1_000,
    maxBufferedBytes = 4 * 1024 * 1024,
    definition,
    redact = (text) => text,
  } = options;
  const latest = ringBuffer<string>(keep);
  const actors = new Map<string, { root: string; commit: Commit }>();
  /** The latest message about each component, for viewers that connect later. */
  const health = new Map<string, string>();
  /** The latest message about each actor that waits for the journal. */
  const stalls = new Map<string, string>();
  const viewers = new Set<Viewer>();

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024, clientTracking: false });
  const server = httpServer({
    answer(request, response) {
      const refused = refuse(request) || (request.method === 'GET' && targetOf(request).path === '/' ? 0 : 404);
      if (refused) response.writeHead(refused).end();
      else response.writeHead(200, headers(request.headers.host ?? '')).end(inspectorPage);
    },
    upgrade(request, socket, head) {
      const refused = targetOf(request).path === '/feed' ? refuse(request) : 404;
      if (refused) socket.end(`HTTP/1.1 ${refused} Refused\r\nconnection: close\r\n\r\n`);
      else sockets.handleUpgrade(request, socket, head, accept);
    },
  });

  /** The HTTP status that a request is refused with; 0 when it is accepted. */
  function refuse(request: IncomingMessage): number {
    const own = ['127.0.0.1', 'localhost'].map((name) => `${name}:${portOf(server)}`);
    if (!own.includes(request.headers.host ?? '')) return 421;
    const { origin } = request.headers;
    if (origin !== undefined && !own.some((host) => origin === `http://${host}`)) return 403;
    return same(targetOf(request).query.get('token') ?? '', token) ? 0 : 401;
  }

  function accept(socket: WebSocket): void {
    socket.on('error', () => {});
    const viewer = inspectorViewer(socket, introductions(), maxBufferedBytes);
    viewers.add(viewer);
    socket.on('close', () => viewers.delete(viewer));
  }

  /** First each actor as it is now, then the kept events, which show how it came there. */
  function* introductions(): Iterable<string> {
    const texts = [...latest.items(), ...health.values(), ...stalls.values()];
    const now = [...actors.values()]; // A viewer may take long to read them.
    for (const { root, commit } of now) yield introduction(commit, root);
    yield* texts;
  }

  function broadcast(message: object): void {
    const text = redact(bounded(message));
    latest.add(text);
    for (const viewer of viewers) viewer.send(text);
  }

  function observe(event: Inspection): void {
    if (event.type === 'commit') return sendCommit(event);
    if (event.type === 'health') return sendHealth(event);
    if (event.type === 'stalled' || event.type === 'continued') return sendStall(event);
    if (!event.type.startsWith('effect.') || !('key' in event) || !('name' in event)) return;
    const { actor, key, name, type } = event;
    broadcast({ type: 'troupe.effect', actor, key, name, status: type.slice('effect.'.length) });
  }

  function sendCommit(commit: Commit): void {
    const known = actors.get(commit.actor);
    const root =
      known?.root ?? (commit.parent === undefined ? commit.actor : (actors.get(commit.parent)?.root ?? commit.parent));
    if (!known) {
      if (actors.size >= mostActors) removeOldest();
      for (const viewer of viewers) viewer.send(introduction(commit, root));
    }
    actors.set(commit.actor, { root, commit });
    broadcast(statelyEventMessage(commit, root));
    broadcast(statelySnapshotMessage(commit, root));
  }

  /** Kept apart from the latest messages: a component that has not changed for long must still be shown. */
  function sendHealth({ at, component: { kind, name }, standing }: Extract<Inspection, { type: 'health' }>): void {
    const id = `${kind}/${name}`;
    const text = redact(JSON.stringify({ type: 'troupe.health', at, component: id, ...standing }));
    setBounded(health, id, text, mostActors);
    for (const viewer of viewers) viewer.send(text);
  }

  /** Kept while it lasts: a viewer that connects later must see it too. */
  function sendStall(event: Extract<Inspection, { type: 'stalled' | 'continued' }>): void {
    const { actor, at, type } = event;
    const why = type === 'stalled' ? { why: stallText(event) } : {};
    const text = redact(JSON.stringify({ type: 'troupe.stall', at, actor, ...why }));
    if (type === 'stalled') setBounded(stalls, actor, text, mostActors);
    else stalls.delete(actor);
    for (const viewer of viewers) viewer.send(text);
  }

  const introduction = (commit: Commit, root: string) =>
    redact(bounded(statelyActorMessage(commit, definition?.(actorTypeOf(commit.actor)), root)));

  /** Of the actors that have ended the one that was seen first, or else the first of all. */
  function removeOldest(): void {
    const all = [...actors.values()];
    const oldest = all.find(({ commit }) => commit.status !== 'active') ?? all[0];
    if (oldest) actors.delete(oldest.commit.actor);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TroupeError(
          'environment',
          `The inspector cannot listen on 127.0.0.1:${port}: ${cause.message}. Choose another port, or none to get a free one.`,
          { cause },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  server.unref(); // An inspector does not keep the process alive.

  return {
    url: `http://127.0.0.1:${portOf(server)}/?token=${encodeURIComponent(token)}`,
    observe,
    async [Symbol.asyncDispose]() {
      for (const viewer of viewers) viewer.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Commit = Extract<Inspection, { type: 'commit' }>;

const headers = (host: string) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': inspectorPagePolicy(host),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
});

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A message as text; one that is too long is sent without its context and body. */
function bounded(message: object): string {
  const text = JSON.stringify(message);
  if (text.length <= largest) return text;
  const { snapshot, event, ...rest } = propertiesOf(message);
  const short = {
    ...(snapshot ? { snapshot: { ...propertiesOf(snapshot), context: { omitted: `${text.length} characters` } } } : {}),
    ...(event ? { event: { type: propertiesOf(event)['type'] } } : {}),
  };
  return JSON.stringify({ ...rest, ...short });
}
