/** Which processes live: announcements in a stream whose messages the server deletes after `presenceTtl`, and pings over plain subjects. */
import type { StreamInfo } from '@nats-io/jetstream';
import { RequestError } from '../../../nats/client.ts';
import { subscribeTo } from '../../../nats/subscribe.ts';
import { presenceTtl, type Presence } from '../store.ts';
import type { JetStreamApi } from './api.ts';
import { isMissing, isUnheard, storeFailure } from './failures.ts';
import { logNameOf, tokensOf } from './subjects.ts';

/** Where announcements are. */
export interface PresenceOptions {
  readonly api: JetStreamApi;
  /** The stream of the announcements, and the subject above them. */
  readonly stream: string;
  readonly prefix: string;
  /** The subject above those on which processes are asked. */
  readonly processes: string;
  /** Creates the stream, which is gone after a restart of the server. */
  readonly create: () => Promise<unknown>;
}

/** The presence of processes on a server. `restart` says that what was seen of it so far does not count. */
export interface ServerPresence extends Presence, Disposable {
  restart(): void;
}

/** Opens it; until `presenceTtl` has passed, `present` says nothing. */
export function jetstreamPresence({ api, stream, prefix, processes, create }: PresenceOptions): ServerPresence {
  const { connection, clock } = api;
  const subjectOf = (process: string) => `${prefix}.${tokensOf(process)}`;
  const pingOf = (process: string) => `${processes}.ping.${tokensOf(process)}`;
  const nudgeOf = (process: string) => `${processes}.nudge.${tokensOf(process)}`;
  const answers = new Set<Disposable>();
  let since = clock.now();
  /** The stream as it was seen last. */
  let seen = { created: '', sequence: 0 };
  const restart = () => void (since = clock.now());

  const createAnew = async () => {
    restart();
    await create();
  };
  /** Who lives has announced itself again within the time, so a stream that is new, or has lost messages, says nothing before. */
  const look = ({ created, state }: StreamInfo) => {
    if (seen.created !== '' && (created !== seen.created || state.last_seq < seen.sequence)) restart();
    seen = { created, sequence: state.last_seq };
  };
  async function orAnew<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work().catch(async (thrown: unknown) => {
        if (!isMissing(thrown) && !isUnheard(thrown)) throw thrown;
        await createAnew();
        return work();
      });
    } catch (thrown) {
      throw storeFailure(thrown, stream, what);
    }
  }

  return {
    restart,
    announce: (process) =>
      orAnew('take an announcement of this process', async () => {
        await api.publish(subjectOf(process), new Uint8Array());
      }),
    withdraw: (process) =>
      orAnew('take back the announcement of this process', async () => {
        await api.ask(`STREAM.PURGE.${stream}`, { filter: subjectOf(process) });
      }),
    present: () =>
      orAnew('say which processes are present', async () => {
        // One page has 100,000 processes.
        const info = await api
          .ask<StreamInfo>(`STREAM.INFO.${stream}`, { subjects_filter: `${prefix}.>` })
          .catch((thrown: unknown) => {
            // While a cluster of servers elects, nobody answers, which says nothing about processes.
            if (thrown instanceof Error && thrown.name === 'TimeoutError') return undefined;
            throw thrown;
          });
        if (!info) return undefined;
        look(info);
        // The clock was set back.
        if (clock.now() < since) restart();
        if (clock.now() < since + presenceTtl) return undefined;
        return new Set(
          Object.keys(info.state.subjects ?? {}).flatMap(
            (subject) => logNameOf(subject.slice(prefix.length + 1)) ?? [],
          ),
        );
      }),
    answer(process, onNudge) {
      const subscriptions = [
        subscribeTo(connection, pingOf(process), (message) => void message.respond()),
        subscribeTo(connection, nudgeOf(process), (message) => onNudge(message.string())),
      ];
      const answer = {
        [Symbol.dispose]() {
          answers.delete(answer);
          for (const subscription of subscriptions) if (!connection.isClosed()) subscription.unsubscribe();
        },
      };
      answers.add(answer);
      return answer;
    },
    async ping(process, timeout) {
      try {
        // The credentials of the other process may not allow it to publish to the inbox of this one.
        const reply = `${processes}.answer.${clock.id()}`;
        await connection.request(pingOf(process), '', { timeout, noMux: true, reply });
        return 'alive';
      } catch (thrown) {
        if (thrown instanceof RequestError && thrown.isNoResponders()) return 'gone';
        if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'silent';
        throw storeFailure(thrown, stream, 'pass on a ping');
      }
    },
    nudge(process, run) {
      if (!connection.isClosed()) connection.publish(nudgeOf(process), run);
    },
    [Symbol.dispose]() {
      for (const answer of answers) answer[Symbol.dispose]();
    },
  };
}
