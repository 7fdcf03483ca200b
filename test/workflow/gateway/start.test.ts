/** What is told when a gateway file cannot be opened. */
import { expect, test } from 'vitest';
import { groupGateway, type GroupGatewayOptions } from '../../../src/gateway/groups/groupGateway.ts';
import { virtualClock } from '../../../src/testing/clock.ts';
import { chatServer } from './chatServer.ts';
import { callOf, gatewayFile, mockAt } from './gatewayFile.ts';

const open = (parts: Parameters<typeof gatewayFile>[0], more: Partial<GroupGatewayOptions> = {}) =>
  groupGateway(gatewayFile(parts), { clock: virtualClock(), env: {}, ...more });
const url = 'http://127.0.0.1:9/v1';

test('everything that is wrong is told at once, with its place', () => {
  const broken = () =>
    open(
      {
        env: [{ name: 'UNSET' }, { name: 'SET' }],
        providers: [
          { name: 'a', config: { base_url: '{{ env.NOT_DECLARED }}', api_key: '{{ env.ALSO_NOT }}' } },
          { name: 'b', config: { api_key: 'k' } },
          { name: 'c', type: 'anthropic' },
          { name: 'd', type: 'gemeni' },
          { name: 'd', config: { base_url: 'ftp://user:hunter22@x', api_key: 'k' } },
          { name: 'e', config: { base_url: url, api_key: '{{ params.key }}' } },
        ],
        groups: [{ name: 'fast', models: [] }, { name: 'fast' }],
      },
      { env: { SET: '' } },
    );
  const lines = messageOf(broken).split('\n');
  const expected = [
    /gateway.yaml:1:1: .*UNSET is not set/,
    /gateway.yaml:10:5: .*env\.NOT_DECLARED.* is not declared/,
    /gateway.yaml:10:5: .*env\.ALSO_NOT.* is not declared/,
    /gateway.yaml:15:5: .*params\.key.* cannot be read/,
    /gateway.yaml:14:5: there is already a provider "d" on line 13/,
    /gateway.yaml:21:1: there is already a model group "fast" on line 20/,
    /gateway.yaml:11:5: provider "b" needs config.base_url/,
    /gateway.yaml:12:5: provider "c" needs config.api_key/,
    /gateway.yaml:13:5: provider "d" has the unknown type "gemeni"/,
    /gateway.yaml:14:5: config.base_url of provider "d" must be an address/,
  ];
  for (const pattern of expected) expect(lines).toContainEqual(expect.stringMatching(pattern));
  expect(lines.join()).not.toContain('hunter22');
});

function messageOf(broken: () => unknown): string {
  try {
    broken();
  } catch (thrown) {
    expect(thrown).toMatchObject({ kind: 'definition' });
    return String(thrown);
  }
  throw new Error('it was opened');
}

test('templates may stand anywhere in a text, a default is taken, and a variable that is set to nothing is set', async () => {
  await using server = await chatServer();
  const { port } = new URL(server.url);
  const gateway = open(
    {
      env: [
        { name: 'HOST', default: '127.0.0.1' },
        { name: 'PORT' },
        { name: 'KEY', secret: true },
        { name: 'SUFFIX', default: 'not taken' },
      ],
      providers: [
        { config: { base_url: 'http://{{env.HOST}}:{{ env.PORT }}/v1', api_key: 'pre-{{ env.KEY }}{{ env.SUFFIX }}' } },
      ],
      groups: [{ models: ['mock/m'] }],
    },
    { env: { PORT: port, KEY: 'secret-7', SUFFIX: '' } },
  );
  await gateway.invoke(callOf('standard'));
  expect(server.asked).toMatchObject([{ authorization: 'Bearer pre-secret-7' }]);
});

test('what only one group would meet does not keep the others from being called', async () => {
  await using server = await chatServer();
  const groups = [{ name: 'bad', models: ['nope/m'] }, { name: 'empty' }, { name: 'good', models: ['mock/m'] }];
  const gateway = open({ providers: [mockAt(server.url)], groups });
  expect(gateway.groups).toEqual(['bad', 'empty', 'good']);
  expect(await gateway.invoke(callOf('good'))).toMatchObject({ model_resolved: 'mock/m' });
});
