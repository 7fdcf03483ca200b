/** The Kubernetes manifests: they fit its schemas, and their pods are confined. No cluster is needed. */
import { existsSync, readdirSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { bytesOf } from '../../src/values/bytes.ts';
import { documents, folder, manifests, schemaErrors, type Manifest } from './manifests.ts';

/** Those that the schemas of Kubernetes describe: not what kustomize and KEDA read. */
const ownManifests = manifests.filter(
  ({ manifest }) => !/^(?:kustomize|keda)\./.test(manifest.apiVersion) && manifest.$patch === undefined,
);
const completeManifests = ownManifests.filter(({ file }) => file.includes('/base/'));
const manifestOf = (kind: string, name: string) => {
  const found = completeManifests.find(({ manifest }) => manifest.kind === kind && manifest.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name} in deploy/.`);
  return found.manifest;
};

/** The fields of a pod that these tests use; the schema checks the rest. */
const Container = z.looseObject({
  name: z.string(),
  securityContext: z.looseObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    privileged: z.literal(false).optional(),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  readinessProbe: z.looseObject({}),
  livenessProbe: z.looseObject({}),
  resources: z.looseObject({ requests: z.looseObject({}), limits: z.looseObject({ memory: z.string() }) }),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
  args: z.array(z.string()).default([]),
});
const Pod = z.looseObject({
  automountServiceAccountToken: z.literal(false),
  hostNetwork: z.undefined().optional(),
  hostPID: z.undefined().optional(),
  hostIPC: z.undefined().optional(),
  initContainers: z.undefined().optional(),
  terminationGracePeriodSeconds: z.number(),
  securityContext: z.looseObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.number().positive(),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  containers: z.array(Container).nonempty(),
  volumes: z.array(
    z.strictObject({
      name: z.string(),
      configMap: z.looseObject({}).optional(),
      secret: z.looseObject({}).optional(),
      emptyDir: z.looseObject({ sizeLimit: z.string() }).optional(),
    }),
  ),
});
const Workload = z.looseObject({
  selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
  template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }), spec: Pod }),
  volumeClaimTemplates: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).default([]),
});
const workloads = completeManifests.filter(({ manifest }) => ['Deployment', 'StatefulSet'].includes(manifest.kind));
const workload = (manifest: Manifest) => Workload.parse(manifest.spec);

test.each(ownManifests.map(({ file, manifest }) => [`${file}: ${manifest.kind} ${manifest.metadata.name}`, manifest]))(
  '%s fits the schema of Kubernetes',
  async (_, manifest) => {
    const isPatch = !completeManifests.some((found) => found.manifest === manifest);
    const wrong = await schemaErrors(manifest);
    // A patch is a part of a manifest: missing fields are allowed.
    expect(wrong.filter((what) => !isPatch || !what.includes('must have required property'))).toEqual([]);
  },
);

test('the check finds a wrong type, a name that is misspelt, and a kind that does not exist', async () => {
  const deployment = structuredClone(manifestOf('Deployment', 'node')) as Manifest & {
    spec: { replicas: unknown; template: { spec: { containers: Record<string, unknown>[] } } };
  };
  deployment.spec.replicas = 'two';
  expect(await schemaErrors(deployment)).toEqual([expect.stringContaining('replicas')]);
  deployment.spec.replicas = 2;
  expect(await schemaErrors(deployment)).toEqual([]);
  deployment.spec.template.spec.containers[0]!['livenesProbe'] = {};
  expect(await schemaErrors(deployment)).toEqual([
    '/spec/template/spec/containers/0/livenesProbe is not in the schema of Deployment.',
  ]);
  expect(await schemaErrors({ ...deployment, kind: 'Deploiment' })).toEqual(['There is no Deploiment in apps/v1.']);
});

test.each(workloads.map(({ manifest }) => [manifest.metadata.name, manifest]))(
  'the pods of %s are confined: no root, no privilege, nothing of the machine, probes and bounds for each container',
  (_, manifest) => {
    const { template, selector, volumeClaimTemplates } = workload(manifest);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    const volumes = [
      ...template.spec.volumes.map(({ name }) => name),
      ...volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    for (const { volumeMounts } of template.spec.containers)
      expect(volumeMounts.map(({ name }) => name).sort()).toEqual([...volumes].sort());
  },
);

test('the namespace makes the cluster refuse pods that are not confined', () => {
  expect(manifestOf('Namespace', 'troupe').metadata.labels).toEqual({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
});

test('a node has probes, time to release its runs, and a disruption budget', () => {
  const { template, selector } = workload(manifestOf('Deployment', 'node'));
  const [node] = template.spec.containers;
  expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(10);
  expect(node!.readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'health' } });
  expect(node!.livenessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'health' } });
  const health = node!.args[node!.args.indexOf('--health') + 1];
  // On every address of the pod, because the kubelet connects from outside.
  expect(health).toBe('0.0.0.0:8080');
  expect(node!['ports']).toEqual([{ name: 'health', containerPort: 8080 }]);
  expect(manifestOf('PodDisruptionBudget', 'node').spec).toEqual({ maxUnavailable: 1, selector });
});

test('nodes are spread over machines and zones, and what a node writes to its disk is bounded', () => {
  const { template } = workload(manifestOf('Deployment', 'node'));
  const spread = z.array(z.object({ topologyKey: z.string() })).parse(template.spec['topologySpreadConstraints']);
  expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
    'kubernetes.io/hostname',
    'topology.kubernetes.io/zone',
  ]);
  const written = template.spec.volumes.flatMap(({ emptyDir }) => (emptyDir ? [bytesOf(emptyDir.sizeLimit) ?? 0] : []));
  expect(written).toHaveLength(2);
  for (const bytes of written) expect(bytes).toBe(256 * 1_024 * 1_024);
});

test('Prometheus finds the metrics where the probes are', () => {
  const { template } = workload(manifestOf('Deployment', 'node'));
  expect(template.metadata['annotations']).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '8080',
    'prometheus.io/path': '/metrics',
  });
});

const Rule = z.strictObject({
  to: z.array(
    z.looseObject({ ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional() }),
  ),
  ports: z.array(z.strictObject({ protocol: z.string(), port: z.number() })),
});
const Policy = z.looseObject({ policyTypes: z.array(z.string()), egress: z.array(Rule).default([]) });

test('a node reaches the server, names and HTTPS on the internet, and nothing private; the server reaches nothing', () => {
  expect(Policy.parse(manifestOf('NetworkPolicy', 'nats').spec)).toMatchObject({
    policyTypes: ['Ingress', 'Egress'],
    egress: [],
  });
  const { policyTypes, egress } = Policy.parse(manifestOf('NetworkPolicy', 'node').spec);
  expect(policyTypes).toEqual(['Ingress', 'Egress']);
  expect(egress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[4222], [53, 53], [443]]);
  const [world] = egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
  const blocked = new BlockList();
  for (const range of world?.except ?? []) {
    const [address = '', bits] = range.split('/');
    blocked.addSubnet(address, Number(bits));
  }
  for (const address of ['169.254.169.254', '10.1.2.3', '172.20.0.1', '192.168.1.1', '127.0.0.1', '100.100.0.1'])
    expect(blocked.check(address), address).toBe(true);
  for (const address of ['160.79.104.10', '8.8.8.8']) expect(blocked.check(address), address).toBe(false);
});

test('no manifest contains a secret: keys come from secrets of the cluster', () => {
  expect(completeManifests.filter(({ manifest }) => manifest.kind === 'Secret')).toEqual([]);
  for (const { manifest } of workloads)
    for (const { env } of workload(manifest).template.spec.containers)
      for (const { name, value } of env.filter((each) => each.value !== undefined))
        expect(value, name).toMatch(/^\/etc\/troupe\//);
});

test('every label selector selects a pod', () => {
  const labels = workloads.map(({ manifest }) => workload(manifest).template.metadata.labels);
  const selected = JSON.stringify(completeManifests.map(({ manifest }) => manifest.spec)).matchAll(/"app":"([^"]+)"/g);
  for (const [, app] of selected)
    expect(
      labels.some((label) => label['app'] === app),
      app,
    ).toBe(true);
});

const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()),
  images: z.array(z.strictObject({ name: z.string(), newTag: z.string() })).optional(),
  patches: z
    .array(
      z.strictObject({ path: z.string(), target: z.strictObject({ kind: z.string(), name: z.string() }).optional() }),
    )
    .default([]),
});
const kustomization = (name: string) =>
  Kustomization.parse(documents(join(folder, 'kubernetes', name, 'kustomization.yaml'))[0]);

test('each kustomization names files that exist, and the base all of its own', () => {
  for (const name of ['base', 'kata', 'replicated', 'hpa', 'keda']) {
    const { resources, patches } = kustomization(name);
    for (const path of [...resources, ...patches.map((patch) => patch.path)])
      expect(existsSync(join(folder, 'kubernetes', name, path)), path).toBe(true);
  }
  const files = readdirSync(join(folder, 'kubernetes/base')).filter((file) => file !== 'kustomization.yaml');
  expect([...kustomization('base').resources].sort()).toEqual(files.sort());
});

test('the kata overlay changes one setting: the same nodes, each in a virtual machine', () => {
  const [{ path }] = kustomization('kata').patches as [{ path: string }];
  expect(documents(join(folder, 'kubernetes/kata', path))).toEqual([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: manifestOf('Deployment', 'node').metadata.name, namespace: kustomization('base').namespace },
      spec: { template: { spec: { runtimeClassName: 'kata' } } },
    },
  ]);
});
