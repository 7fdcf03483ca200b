/** Tokens that show that a runtime was given a step: made of a secret of the orchestrator, so that nothing is stored and a restart changes nothing. */
import { createHmac } from 'node:crypto';
import { sameSecret } from './base/secretText.ts';

/** Makes and checks the tokens. */
export interface DispatchTokens {
  /** The token of a step of a run. A step that is done again may have another `attempt`; 1 by default. */
  of(run: string, step: string, attempt?: number): string;
  /** Does the token belong to it? */
  fits(token: string, run: string, step: string, attempt?: number): boolean;
}

/** The tokens of an orchestrator. `secret`: the same in all its processes, at least 16 characters. */
export function dispatchTokens(secret: string): DispatchTokens {
  const of = (run: string, step: string, attempt = 1): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify([run, step, attempt]))
      .digest('base64url');
  return { of, fits: (token, run, step, attempt) => sameSecret(token, of(run, step, attempt)) };
}
