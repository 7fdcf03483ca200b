/** The URLs of the contracts, for a component at some base URL. */

/** `http://host:port/base` and parts of a path, each of them escaped: a slash in an id stays one part. */
export const peerUrl = (base: string, ...parts: readonly string[]): string =>
  [base.replace(/\/+$/, ''), ...parts.map(encodeURIComponent)].join('/');

/** Where a runtime sends the result of a step. The token shows that the orchestrator gave it the work. */
export const callbackUrl = (orchestrator: string, run: string, step: string, token: string): string =>
  `${peerUrl(orchestrator, 'runs', run, 'steps', step, 'complete')}?token=${encodeURIComponent(token)}`;
