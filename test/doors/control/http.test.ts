/** Runs over HTTP, as somebody with curl has them. */
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../src/contracts/client/execution.ts';
import { TroupeError, type FailureKind } from '../../../src/values/failure.ts';
import { openControl, serverToken } from './openControl.ts';
import { line, recordingClient, sampleRun } from './recordingClient.ts';

/** What is due in this turn of the event loop is done. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const throwing = (kind: FailureKind, message = 'No. Do something else.') => {
  const fail = async () => {
    throw new TroupeError(kind, message);
  };
  return recordingClient({ executions: { get: fail, input: fail, retry: fail, list: fail } }).client;
};

describe('requests', () => {
  test('a run is started, looked at and answered', async () => {
    const { client, calls } = recordingClient();
    const { ask } = await openControl(client);
    const started = await ask('POST /v1/executions', { body: { flow: 'greet', input: { who: 'ada' } } });
    expect([started.status, started.json()]).toEqual([200, sampleRun]);
    expect((await ask('GET /v1/executions/r1')).json()).toEqual(sampleRun);
    expect((await ask('POST /v1/executions/r1/input', { body: { value: true } })).status).toBe(200);
    expect((await ask('POST /v1/deployments/greet/invoke', { body: { input: 1 } })).status).toBe(200);
    expect((await ask('POST /v1/deployments/greet/invoke')).status).toBe(200);
    expect(calls).toEqual([
      ['executions.start', { flow: 'greet' }, { who: 'ada' }, {}],
      ['executions.get', 'r1'],
      ['executions.input', 'r1', { value: true }],
      ['deployments.invoke', 'greet', 1, {}],
      ['deployments.invoke', 'greet', null, {}],
    ]);
  });

  test.each([
    ['GET /v1/executions?limit=many', undefined, 422, 'at "limit": expected number'],
    ['GET /v1/executions?limit=0', undefined, 422, 'at "limit"'],
    ['GET /v1/executions?status=lost', undefined, 422, 'at "status"'],
    ['GET /v1/executions?colour=red', undefined, 422, 'colour'],
    ['POST /v1/executions/r1/cancel', { reson: 'enough' }, 422, 'no option "reson"; did you mean "reason"?'],
    ['POST /v1/executions/r1/input', { wait: 'ok' }, 422, 'at "value"'],
    ['POST /v1/executions/r1/input', { exec_id: 'r2', value: 1 }, 400, '"exec_id" is a part of the path'],
    ['POST /v1/executions/r1/input', [1], 400, 'must be a JSON object'],
    ['POST /v1/executions/r1/input', '{"value":', 400, 'it ends too early'],
    ['DELETE /v1/deployments/greet/versions/two', undefined, 422, 'at "version"'],
  ])('%s with %j is refused with %i, and the field is named', async (what, body, status, says) => {
    const { client, calls } = recordingClient();
    const { ask } = await openControl(client);
    const answer = await ask(what, body === undefined ? {} : { body });
    expect(answer.status).toBe(status);
    expect((answer.json() as { detail: string }).detail).toContain(says);
    expect(calls).toEqual([]);
  });

  test.each<[FailureKind, number]>([
    ['invalid', 422],
    ['definition', 422],
    ['unknown_recipient', 404],
    ['conflict', 409],
    ['diverged', 409],
    ['denied', 403],
    ['expired', 410],
    ['storage', 503],
    ['unsupported', 501],
  ])('what fails with %s is answered with %i, and the client throws the same', async (kind, status) => {
    const { ask, at } = await openControl(throwing(kind));
    const answer = await ask('GET /v1/executions/r1');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.json()).toMatchObject({ kind, detail: 'No. Do something else.' });
    await expect(at().executions.get('r1')).rejects.toMatchObject({ kind, message: 'No. Do something else.' });
  });

  test('a defect of the server is answered without what it was', async () => {
    const client = recordingClient({
      executions: {
        get: async () => {
          throw new Error('password=hunter2');
        },
      },
    }).client;
    const { ask, at } = await openControl(client);
    const answer = await ask('GET /v1/executions/r1');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('hunter2');
    await expect(at().executions.get('r1')).rejects.toMatchObject({ kind: 'internal' });
  });

  test('an id that would be another path, or none, is not sent', async () => {
    const { client, calls } = recordingClient();
    const { at } = await openControl(client);
    for (const id of ['', '.', '..']) await expect(at().executions.get(id)).rejects.toMatchObject({ kind: 'invalid' });
    expect(calls).toEqual([]);
  });
});

describe('tokens', () => {
  const accepts = async (token: string) => token === 'a-token-of-a-program';

  test('without a token nothing is answered; with one, runs are; what is installed needs that of the server', async () => {
    const { ask } = await openControl(recordingClient().client, { token: serverToken, accepts });
    const statuses = async (token?: string) =>
      Promise.all(
        ['GET /v1/executions', 'GET /v1/secrets', 'GET /v1/tokens', 'DELETE /v1/secrets/openai'].map(
          async (what) => (await ask(what, token === undefined ? {} : { token })).status,
        ),
      );
    expect(await statuses()).toEqual([401, 401, 401, 401]);
    expect(await statuses('something-else-entirely')).toEqual([401, 401, 401, 401]);
    expect(await statuses('a-token-of-a-program')).toEqual([200, 200, 403, 403]);
    expect(await statuses(serverToken)).toEqual([200, 200, 200, 200]);
  });

  test('a file of the server is only run for the token of the server', async () => {
    const { ask } = await openControl(recordingClient().client, { token: serverToken, accepts });
    const start = async (token: string) =>
      (await ask('POST /v1/executions', { token, body: { file: '/etc/x.ts' } })).status;
    expect(await start('a-token-of-a-program')).toBe(403);
    expect(await start(serverToken)).toBe(200);
  });

  test('the client says what is missing', async () => {
    const { at } = await openControl(recordingClient().client, { token: serverToken, accepts });
    await expect(at().executions.list()).rejects.toMatchObject({ kind: 'auth' });
    await expect(at('a-token-of-a-program').auth.list()).rejects.toMatchObject({ kind: 'denied' });
  });
});

describe('values of secrets', () => {
  test('go in and do not come out, not even when what was sent is refused', async () => {
    const { ask } = await openControl(recordingClient().client);
    const made = await ask('POST /v1/secrets', { body: { name: 'openai', values: { API_KEY: 'sk-very-secret' } } });
    const refused = await ask('POST /v1/secrets', { body: { name: 7, values: { API_KEY: ['sk-very-secret'] } } });
    expect([made.status, refused.status]).toEqual([200, 422]);
    expect(made.text + refused.text).not.toContain('sk-very-secret');
  });
});

describe('bytes of an artifact', () => {
  test('come as they are; one that there is not is 404', async () => {
    const { ask } = await openControl(recordingClient().client);
    const content = await ask('GET /v1/artifacts/r1%2Fdraft%2Foutput/content');
    expect([content.status, content.text, content.headers.get('content-type')]).toEqual([
      200,
      'a draft',
      'application/octet-stream',
    ]);
    const none = recordingClient({
      artifacts: {
        // eslint-disable-next-line require-yield -- it throws before there is anything
        async *read() {
          throw new TroupeError('unknown_recipient', 'There is no such artifact.');
        },
      },
    });
    expect((await (await openControl(none.client)).ask('GET /v1/artifacts/x/content')).status).toBe(404);
  });
});

describe('events', () => {
  const linesFrom = (all: readonly LogEntry[], breakAfter?: number) =>
    recordingClient({
      executions: {
        async *follow(_, { after = 0 } = {}) {
          for (const each of all.filter(({ seq }) => seq > after)) {
            yield each;
            if (each.seq === breakAfter) throw new TroupeError('storage', 'The disk is full. Make room.');
          }
        },
      },
    }).client;

  test('each has the number of its line, the last one says how the run ended, and Last-Event-ID goes on', async () => {
    const { ask } = await openControl(linesFrom([line(1), line(2), line(3)]));
    const all = await ask('GET /v1/executions/r1/events');
    expect(all.headers.get('content-type')).toBe('text/event-stream');
    expect(all.text.match(/^id: .*$/gm)).toEqual(['id: 1', 'id: 2', 'id: 3']);
    expect(all.text).toMatch(/event: end\ndata: {"exec_id":"r1","status":"completed"}\n\n$/);
    const rest = await ask('GET /v1/executions/r1/events?after=1', { headers: { 'last-event-id': '2' } });
    expect(rest.text.match(/^id: .*$/gm)).toEqual(['id: 3']);
  });

  test('of a run that there is not are 404', async () => {
    const { ask } = await openControl(throwing('unknown_recipient'));
    expect((await ask('GET /v1/executions/none/events')).status).toBe(404);
  });

  test('that cannot be read any longer end with the reason, and the client throws it', async () => {
    const { ask, at } = await openControl(linesFrom([line(1), line(2)], 1));
    expect((await ask('GET /v1/executions/r1/events')).text).toContain('event: failure');
    const seen: number[] = [];
    const follow = async () => {
      for await (const { seq } of at().executions.follow('r1')) seen.push(seq);
    };
    await expect(follow()).rejects.toMatchObject({ kind: 'storage' });
    expect(seen).toEqual([1]);
  });

  test('a client whose connection is lost goes on after its last line, and has each line once', async () => {
    const { send, clock } = await openControl(linesFrom([line(1), line(2), line(3)]));
    const { httpClient } = await import('../../../src/doors/http/clients/controlClient.ts');
    let requests = 0;
    const cut: typeof fetch = async (input, init) => {
      const response = await send(input, init);
      if (++requests > 2) return response;
      const text = await response.text();
      // The first stream breaks within a line, the second one in the middle of an event.
      return new Response(text.slice(0, text.indexOf(requests === 1 ? '"seq":2' : 'event: line\ndata: {"seq":3')));
    };
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of httpClient('http://localhost', { fetch: cut, clock }).executions.follow('r1'))
        seen.push(seq);
    })();
    for (let turns = 0; turns < 30; turns++) {
      await turn();
      clock.advance(500);
    }
    await following;
    expect([seen, requests]).toEqual([[1, 2, 3], 3]);
  });

  test('keep a silent connection alive, and end when the reader or the server goes', async () => {
    const stopped: boolean[] = [];
    const silent = recordingClient({
      executions: {
        // eslint-disable-next-line require-yield -- nothing happens
        async *follow(_, __, signal) {
          await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
          stopped.push(true);
        },
      },
    }).client;
    const { send, clock, app } = await openControl(silent);
    const open = async () => (await send('http://localhost/v1/executions/r1/events')).body!.getReader();
    const read = async (reader: ReadableStreamDefaultReader<Uint8Array>) => {
      const { done, value } = await reader.read();
      return done ? 'the end' : Buffer.from(value).toString();
    };
    const [leaving, staying] = [await open(), await open()];
    expect(await read(leaving)).toBe('retry: 1000\n\n');
    expect(await read(staying)).toBe('retry: 1000\n\n');
    const comment = read(staying);
    await turn();
    clock.advance(15_000);
    expect(await comment).toBe(': waiting\n\n');
    await leaving.cancel();
    await turn();
    expect(stopped).toEqual([true]);
    const last = read(staying);
    await app.drain();
    expect(await last).toBe('the end');
    expect(stopped).toEqual([true, true]);
  });
});
