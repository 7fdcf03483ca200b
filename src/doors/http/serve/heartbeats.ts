/** Heartbeats: a runtime tells orchestrators every five seconds what it works on. */
import type { Clock } from '../../../values/clock.ts';
import type { HeartbeatBody } from '../contracts/stepMessages.ts';
import { exchange, type ClientOptions } from '../clients/exchange.ts';
import { peerUrl } from '../clients/peerUrl.ts';

/** Milliseconds between two beats. */
export const heartbeatPause = 5_000;
/** Three beats that did not come: the runtime of a step is lost. Milliseconds. */
export const heartbeatPatience = 15_000;

/** Sends a beat to each of these orchestrators, until it is disposed. One that does not answer is asked again with the next beat. */
export function heartbeats(
  beat: () => { readonly to: readonly string[]; readonly body: HeartbeatBody },
  { clock, ...options }: ClientOptions & { readonly clock: Clock },
): Disposable {
  const stop = new AbortController();
  let timer: Disposable | undefined;
  const send = () => {
    const { to, body } = beat();
    for (const orchestrator of to)
      void exchange({
        ...options,
        who: 'The orchestrator',
        timeout: heartbeatPause - 500,
        url: peerUrl(orchestrator, 'heartbeat'),
        body: { runtime_id: body.runtime_id, active: body.active },
        signal: stop.signal,
      }).catch(() => {});
    timer = clock.wake(clock.now() + heartbeatPause, send);
  };
  send();
  return {
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      stop.abort();
    },
  };
}
