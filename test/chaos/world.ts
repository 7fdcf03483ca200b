/** A world outside: it honours idempotency keys, takes its time, and remembers every call. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface World extends AsyncDisposable {
  readonly url: string;
  /** Every call that came, in order: what, and under which key. */
  readonly calls: { path: string; key: string }[];
  /** How often each thing was really done. */
  readonly applied: Map<string, number>;
}

/** `pause` milliseconds pass before each answer, so that a kill finds calls under way. */
export async function world(pause: () => number): Promise<World> {
  const calls: World['calls'] = [];
  const applied: World['applied'] = new Map();
  const known = new Set<string>();
  const server = createServer((request, response) => {
    const path = request.url!;
    const key = String(request.headers['idempotency-key']);
    calls.push({ path, key });
    if (!known.has(key)) applied.set(path, (applied.get(path) ?? 0) + 1);
    known.add(key);
    setTimeout(() => response.end(`done ${path}`), pause());
  });
  await new Promise<void>((open) => server.listen(0, '127.0.0.1', open));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    applied,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
