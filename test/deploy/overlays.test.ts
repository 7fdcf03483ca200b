/** The overlays for more than the base: three servers, more nodes by processor time, more nodes by waiting runs. No cluster is needed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { natsServer } from '../nats/server.ts';
import { durabilityFromMonitor } from '../../src/nats/durability.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { documents, folder, manifests, schemaErrors } from './manifests.ts';

const at = (overlay: string) => join(folder, 'kubernetes', overlay);
const manifestsOf = (overlay: string) =>
  manifests.filter(({ file }) => file.startsWith(`kubernetes/${overlay}/`)).map(({ manifest }) => manifest);

/** What of the chart's values is used here; the names are those of its values.yaml. */
const Values = z.strictObject({
  config: z.strictObject({
    cluster: z.looseObject({ enabled: z.literal(true), replicas: z.literal(3) }),
    jetstream: z.strictObject({
      enabled: z.literal(true),
      fileStore: z.strictObject({ pvc: z.strictObject({ size: z.string() }) }),
      memoryStore: z.strictObject({ enabled: z.literal(true), maxSize: z.string() }),
      merge: z.strictObject({ sync_interval: z.literal('always') }),
    }),
    nats: z.strictObject({ tls: z.strictObject({ enabled: z.literal(true), secretName: z.literal('nats-tls') }) }),
    merge: z.strictObject({ $include: z.literal('accounts.conf') }),
  }),
  tlsCA: z.strictObject({
    enabled: z.literal(true),
    configMapName: z.literal('nats-authority'),
    key: z.literal('ca.crt'),
  }),
  container: z.looseObject({
    merge: z.looseObject({ securityContext: z.looseObject({ readOnlyRootFilesystem: z.literal(true) }) }),
  }),
  reloader: z.looseObject({
    merge: z.looseObject({ securityContext: z.looseObject({ readOnlyRootFilesystem: z.literal(true) }) }),
  }),
  podTemplate: z.looseObject({
    topologySpreadConstraints: z.record(
      z.string(),
      z.strictObject({ maxSkew: z.literal(1), whenUnsatisfiable: z.string() }),
    ),
    merge: z.looseObject({
      spec: z.looseObject({ securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }) }),
    }),
  }),
  podDisruptionBudget: z.strictObject({ enabled: z.literal(true) }),
  natsBox: z.strictObject({ enabled: z.literal(false) }),
});
const values = Values.parse(documents(join(at('replicated'), 'values.yaml'))[0]);

test('the chart of nats-io gets three servers on three machines, with TLS, a disruption budget and the tenants’ accounts', () => {
  expect(values.podTemplate.topologySpreadConstraints['kubernetes.io/hostname']?.whenUnsatisfiable).toBe(
    'DoNotSchedule',
  );
  expect(readFileSync(join(at('replicated'), 'values.yaml'), 'utf8')).toContain(
    "--set-file 'configMap.merge.data.accounts\\.conf=nats/accounts.conf'",
  );
});

test('a server with the chart’s JetStream settings says that what it acknowledges is on the disk', async () => {
  const settings = Object.entries(values.config.jetstream.merge).map(([name, value]) => `${name}: ${value}`);
  await using server = await natsServer(`jetstream { ${settings.join(', ')} }`);
  const connection = await connectNats({ servers: server.url });
  expect(await durabilityFromMonitor(connection, server.monitor)).toMatchObject({ is: 'safe' });
  await connection.close();
});

test('with three servers, the base’s own one is left out, and the nodes store every stream on three', () => {
  const own = manifestsOf('replicated');
  const base = manifestsOf('base')
    .filter(({ metadata }) => metadata !== undefined)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const removed = own
    .filter(({ $patch }) => $patch === 'delete')
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(removed.sort()).toEqual(['NetworkPolicy nats', 'Service nats', 'StatefulSet nats']);
  for (const each of removed) expect(base).toContain(each);
  const nodes = own.find(({ kind }) => kind === 'Deployment');
  expect(nodes?.spec).toEqual({
    template: { spec: { containers: [{ name: 'node', env: [{ name: 'TROUPE_NATS_REPLICAS', value: '3' }] }] } },
  });
});

test.each(
  ['replicated', 'hpa'].flatMap((overlay) =>
    manifestsOf(overlay)
      .filter(({ kind, $patch }) => ['NetworkPolicy', 'HorizontalPodAutoscaler'].includes(kind) && $patch === undefined)
      .map((manifest) => [overlay, manifest.kind, manifest.metadata.name, manifest] as const),
  ),
)('%s: %s %s fits the schema of Kubernetes, with all that it requires', async (_, __, ___, manifest) => {
  expect(await schemaErrors(manifest)).toEqual([]);
});

const Trigger = z.strictObject({
  type: z.literal('prometheus'),
  metadata: z.strictObject({ serverAddress: z.url(), query: z.string(), threshold: z.string().regex(/^\d+$/) }),
});
/** As KEDA's own definition of a ScaledObject (keda.sh/v1alpha1) has it. */
const ScaledObject = z.strictObject({
  scaleTargetRef: z.strictObject({ name: z.literal('node') }),
  minReplicaCount: z.number().min(2),
  maxReplicaCount: z.number(),
  fallback: z.strictObject({ failureThreshold: z.number(), replicas: z.number() }),
  advanced: z.strictObject({
    horizontalPodAutoscalerConfig: z.strictObject({ behavior: z.looseObject({ scaleDown: z.looseObject({}) }) }),
  }),
  triggers: z.array(Trigger).nonempty(),
});

test('KEDA asks for metrics that a node has', async () => {
  const [scaled] = manifestsOf('keda').filter(({ kind }) => kind === 'ScaledObject');
  const { triggers } = ScaledObject.parse(scaled?.spec);
  const source = ['src/cluster/nodeMetrics.ts', 'src/cluster/join.ts'].map((file) =>
    readFileSync(join(folder, '..', file), 'utf8'),
  );
  const asked = triggers.flatMap(({ metadata }) => metadata.query.match(/troupe_\w+/g) ?? []);
  expect(new Set(asked)).toEqual(new Set(['troupe_runs', 'troupe_free_runs', 'troupe_requests_total', 'troupe_ready']));
  for (const name of asked) expect(source.join('\n'), name).toContain(`'${name}'`);
});

test('where a number of nodes is decided by load, no manifest sets it back', () => {
  for (const overlay of ['hpa', 'keda'])
    expect(documents(join(at(overlay), 'nodes.yaml'))).toEqual([[{ op: 'remove', path: '/spec/replicas' }]]);
});
