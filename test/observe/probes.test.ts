/** The HTTP probes /healthz and /readyz. */
import { expect, test } from 'vitest';
import { probes } from '../../src/observe/probes.ts';

const ask = async (url: string) => {
  const answer = await fetch(url);
  return { status: answer.status, text: (await answer.text()).trim() };
};

test('/healthz succeeds while the process lives; /readyz succeeds while it can work, and otherwise gives the reason', async () => {
  let reason: string | undefined;
  await using served = await probes({ port: 0, notReadyReason: () => reason });
  expect(await ask(`${served.url}/healthz`)).toEqual({ status: 200, text: 'ok' });
  expect(await ask(`${served.url}/readyz`)).toEqual({ status: 200, text: 'ok' });
  reason = 'leaving';
  expect(await ask(`${served.url}/readyz`)).toEqual({ status: 503, text: 'leaving' });
  expect(await ask(`${served.url}/healthz`)).toEqual({ status: 200, text: 'ok' });
  expect(await ask(`${served.url}/secrets`)).toEqual({ status: 404, text: 'not found' });
});

test('a port that is in use is named', async () => {
  await using served = await probes({ port: 0, notReadyReason: () => undefined });
  const port = Number(new URL(served.url).port);
  await expect(probes({ port, notReadyReason: () => undefined })).rejects.toMatchObject({
    kind: 'environment',
    message: expect.stringMatching(new RegExp(`127.0.0.1:${port}.*another port`)) as string,
  });
});
