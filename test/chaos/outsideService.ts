/** An outside service: it honours idempotency keys, answers slowly, fails now and then, and records every call. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OutsideService extends AsyncDisposable {
  readonly url: string;
  /** Every call in order: its path and its idempotency key. */
  readonly calls: { path: string; key: string }[];
  /** How often each path was applied. */
  readonly applied: Map<string, number>;
  /** Replies that were lost after the call was applied, and calls that were refused before. */
  readonly faults: { dropped: number; refused: number };
}

export interface ServiceOptions {
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** The longest delay of an answer, in milliseconds. Default 45; at least 5, so that a kill interrupts calls under way. */
  readonly maxDelay?: number;
  /** The share of replies lost after applying, and of calls refused with 503. Default 0. */
  readonly drop?: number;
  readonly refuse?: number;
}

export async function startOutsideService({
  random,
  maxDelay = 45,
  drop = 0,
  refuse = 0,
}: ServiceOptions): Promise<OutsideService> {
  const calls: OutsideService['calls'] = [];
  const applied: OutsideService['applied'] = new Map();
  const faults: OutsideService['faults'] = { dropped: 0, refused: 0 };
  const known = new Set<string>();
  const server = createServer((request, response) => {
    const path = request.url!;
    const key = String(request.headers['idempotency-key']);
    calls.push({ path, key });
    const draw = random();
    if (draw < refuse) {
      faults.refused++;
      response.writeHead(503).end('busy');
      return;
    }
    if (!known.has(key)) applied.set(path, (applied.get(path) ?? 0) + 1);
    known.add(key);
    setTimeout(
      () => {
        if (draw >= refuse + drop) return response.end(`done ${path}`);
        faults.dropped++;
        request.socket.destroy();
      },
      5 + random() * (maxDelay - 5),
    );
  });
  await new Promise<void>((open) => server.listen(0, '127.0.0.1', open));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    applied,
    faults,
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
