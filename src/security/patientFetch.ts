/**
 * The `fetch` of the platform, which waits as long as its caller does. By itself it gives up after five minutes without a byte, whatever limits a user sets:
 * a large model on a slow machine, or a tool that works for long, would never be answered.
 */

/** What performs the requests of the platform's `fetch`, as far as it is used here. */
interface Dispatcher {
  dispatch(options: object, handler: unknown): boolean;
  /** Of a double in tests, which then is given whole bodies, and not streams of them. */
  readonly isMockActive?: boolean;
}

/** Where Node keeps it, and where a user puts another one, such as one for a proxy. */
const place = Symbol.for('undici.globalDispatcher.1');

const patient: Dispatcher = {
  dispatch: (options, handler) => current().dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler),
  get isMockActive() {
    return current().isMockActive ?? false;
  },
};
// Read anew for each request: it may be replaced at any time.
const current = () => (globalThis as unknown as Record<symbol, Dispatcher>)[place] as Dispatcher;

/** Sends a request. Limits are those of `signal`. */
export function patientFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  // Node loads its client, and puts the dispatcher in its place, when one of its names is first used.
  void globalThis.Headers;
  // A platform that keeps it elsewhere has its own limits. The type names only dispatchers of its own package.
  const options = place in globalThis ? { ...init, dispatcher: patient as never } : init;
  return globalThis.fetch(input, options);
}
