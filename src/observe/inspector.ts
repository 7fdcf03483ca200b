/**
 * Serves what can be seen, live, to browsers on this machine: a list of actors, and Stately's inspector.
 *
 * It listens on loopback only. Host and Origin are checked against its own address, so no web page of somebody else can listen in,
 * and the URL holds a token, so no other user of this machine can. A late viewer is shown the latest events; one that reads too slowly
 * is disconnected and comes back to the present, so that nobody's browser can fill our memory.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { TroupeError } from '../contracts/failure.ts';
import { typeOf } from '../contracts/ids.ts';
import type { Inspection, Observer } from '../contracts/inspection.ts';
import { page, pagePolicy } from './page.ts';
import { recent } from './recent.ts';
import { actorMessage, eventMessage, snapshotMessage } from './stately.ts';

export interface InspectorOptions {
  /** What the URL must hold to be let in; from a random source. */
  token: string;
  /** A free one unless told otherwise. */
  port?: number;
  /** How many of the latest messages a late viewer is shown. */
  keep?: number;
  /** Bytes a viewer may be behind before it is disconnected. */
  behind?: number;
  /** The chart of an actor's type as JSON, for drawing. */
  definition?: (type: string) => string | undefined;
  /** Applied to every message; see `redactor`. */
  redact?: (text: string) => string;
}

export interface Inspector extends AsyncDisposable {
  readonly url: string;
  readonly observe: Observer;
}

/** Actors remembered for late viewers, and characters of a message beyond which its context is left out. */
const mostActors = 1_000;
const largest = 256 * 1024;

/** @example await using view = await inspector({ token }); runtime.observe(view.observe); console.error(view.url); */
export async function inspector(options: InspectorOptions): Promise<Inspector> {
  const { token, port = 0, keep = 1_000, behind = 4 * 1024 * 1024, definition, redact = (text) => text } = options;
  const latest = recent<string>(keep);
  const actors = new Map<string, { root: string; commit: Commit }>();
  /** The latest of each component, for late viewers. */
  const health = new Map<string, string>();
  const viewers = new Set<WebSocket>();

  const server = createServer((request, response) => {
    const refused = refuse(request) || (request.method === 'GET' && pathOf(request) === '/' ? 0 : 404);
    if (refused) response.writeHead(refused).end();
    else response.writeHead(200, headers(request.headers.host!)).end(page);
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024, clientTracking: false });

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const refused = pathOf(request) === '/feed' ? refuse(request) : 404;
    if (refused) socket.end(`HTTP/1.1 ${refused} Refused\r\nconnection: close\r\n\r\n`);
    else sockets.handleUpgrade(request, socket, head, welcome);
  });

  /** 0 when the request may come in, else a status. */
  function refuse(request: IncomingMessage): number {
    const own = ['127.0.0.1', 'localhost'].map((name) => `${name}:${(server.address() as AddressInfo).port}`);
    if (!own.includes(request.headers.host ?? '')) return 421;
    const { origin } = request.headers;
    if (origin !== undefined && !own.some((host) => origin === `http://${host}`)) return 403;
    return same(new URL(request.url ?? '/', 'http://own').searchParams.get('token') ?? '', token) ? 0 : 401;
  }

  function welcome(viewer: WebSocket): void {
    viewer.on('error', () => {});
    viewer.on('close', () => viewers.delete(viewer));
    viewers.add(viewer);
    // It meets each actor as it stands now; the kept events then tell how it came there.
    for (const { root, commit } of actors.values()) send(viewer, hello(commit, root));
    for (const text of latest.items()) send(viewer, text);
    for (const text of health.values()) send(viewer, text);
  }

  function send(viewer: WebSocket, text: string): void {
    if (viewer.readyState !== viewer.OPEN) return;
    if (viewer.bufferedAmount > behind) return viewer.close(1013, 'too slow');
    viewer.send(text);
  }

  function tell(message: object): void {
    const text = redact(bounded(message));
    latest.add(text);
    for (const viewer of viewers) send(viewer, text);
  }

  function observe(event: Inspection): void {
    if (event.type === 'commit') return move(event);
    if (event.type === 'health') return turn(event);
    if (!event.type.startsWith('effect.') || !('key' in event) || !('name' in event)) return;
    const { actor, key, name, type } = event;
    tell({ type: 'troupe.effect', actor, key, name, status: type.slice('effect.'.length) });
  }

  function move(commit: Commit): void {
    const known = actors.get(commit.actor);
    const root =
      known?.root ?? (commit.parent === undefined ? commit.actor : (actors.get(commit.parent)?.root ?? commit.parent));
    if (!known) {
      if (actors.size >= mostActors) forget();
      for (const viewer of viewers) send(viewer, hello(commit, root));
    }
    actors.set(commit.actor, { root, commit });
    tell(eventMessage(commit, root));
    tell(snapshotMessage(commit, root));
  }

  /** Not among the latest messages: a component that has been well for long must still be there. */
  function turn({ at, component: { kind, name }, standing }: Extract<Inspection, { type: 'health' }>): void {
    const id = `${kind}/${name}`;
    const text = redact(JSON.stringify({ type: 'troupe.health', at, component: id, ...standing }));
    if (health.size >= mostActors) health.delete(health.keys().next().value!);
    health.set(id, text);
    for (const viewer of viewers) send(viewer, text);
  }

  const hello = (commit: Commit, root: string) =>
    redact(bounded(actorMessage(commit, definition?.(typeOf(commit.actor)), root)));

  /** The one that ended longest ago, or else the oldest. */
  function forget(): void {
    const ended = [...actors.values()].find(({ commit }) => commit.status !== 'active');
    actors.delete((ended ?? actors.values().next().value!).commit.actor);
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
  server.unref(); // Watching does not keep a process alive.

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/?token=${encodeURIComponent(token)}`,
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
  'content-security-policy': pagePolicy(host),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
});

const pathOf = ({ url = '/' }: IncomingMessage) => url.split('?', 1)[0];

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A message as text; what is too large for a viewer is shown without its context and body. */
function bounded(message: object): string {
  const text = JSON.stringify(message);
  if (text.length <= largest) return text;
  const { snapshot, event, ...rest } = message as { snapshot?: object; event?: { type: string } };
  const short = {
    ...(snapshot ? { snapshot: { ...snapshot, context: { omitted: `${text.length} characters` } } } : {}),
    ...(event ? { event: { type: event.type } } : {}),
  };
  return JSON.stringify({ ...rest, ...short });
}
