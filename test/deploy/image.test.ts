/** The Dockerfile and the compose file, checked without a container engine: copied files exist, and containers are confined. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { documents, folder } from './manifests.ts';

const root = resolve(folder, '..');
const { name: packageName, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};

interface Instruction {
  readonly word: string;
  readonly rest: string;
}
const dockerfile: readonly Instruction[] = readFileSync(join(folder, 'Dockerfile'), 'utf8')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => ({ word: line.split(' ')[0]!, rest: line.slice(line.indexOf(' ') + 1) }));
/** The instructions of each stage; the first one is its FROM. */
const stages = dockerfile.reduce<Instruction[][]>((all, instruction) => {
  if (instruction.word === 'FROM') all.push([]);
  all.at(-1)!.push(instruction);
  return all;
}, []);
const nameOf = (stage: readonly Instruction[]) => / AS (\w+)$/.exec(stage[0]!.rest)?.[1];
const copies = dockerfile
  .filter(({ word }) => word === 'COPY')
  .map(({ rest }) => {
    const from = /^--from=(\S+) /.exec(rest)?.[1];
    return {
      from,
      paths: rest
        .split(' ')
        .filter((part) => !part.startsWith('--'))
        .slice(0, -1),
    };
  });

test('every instruction of the Dockerfile exists', () => {
  const words = new Set(dockerfile.map(({ word }) => word));
  expect(
    [...words].filter((word) => !['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD'].includes(word)),
  ).toEqual([]);
});

test('every file that is copied into the image exists, and is in the build context', () => {
  const ignored = readFileSync(join(folder, 'Dockerfile.dockerignore'), 'utf8').split('\n');
  expect(ignored).toContain('*');
  const copiedPaths = copies.filter(({ from }) => from === undefined).flatMap(({ paths }) => paths);
  expect(copiedPaths.length).toBeGreaterThan(0);
  for (const path of copiedPaths) {
    expect(existsSync(join(root, path)), path).toBe(true);
    expect(ignored, path).toContain(`!${path.replace('./', '')}`);
  }
  expect(ignored.filter((line) => line.startsWith('!')).length).toBe(copiedPaths.length);
});

test('every file that is copied from a stage was made in that stage', () => {
  const made = ['package.json', 'node_modules', 'dist'];
  for (const { from, paths } of copies.filter((copy) => copy.from !== undefined)) {
    expect(stages.map(nameOf)).toContain(from);
    expect(paths.map((path) => path.replace('/app/', '')).filter((path) => !made.includes(path))).toEqual([]);
  }
});

test('the image runs as a numeric user that is not root, and starts the command of the package', () => {
  const last = stages.at(-1)!;
  const user = last.filter(({ word }) => word === 'USER').at(-1)?.rest ?? 'root';
  expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  expect(last.find(({ word }) => word === 'ENTRYPOINT')?.rest).toBe(`["node", "/app/${bin[packageName]}"]`);
});

const Service = z.looseObject({
  user: z.string().regex(/^\$\{TROUPE_UID:-[1-9]\d*\}:/),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.array(z.string()).refine((all) => all.includes('no-new-privileges:true')),
  privileged: z.undefined().optional(),
  network_mode: z.undefined().optional(),
  image: z.string(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }),
  ports: z.array(z.string().startsWith('127.0.0.1:')).default([]),
  environment: z.record(z.string(), z.string().startsWith('/run/secrets/')).default({}),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(
    z.strictObject({
      type: z.literal('bind'),
      source: z.string().startsWith('./'),
      target: z.string(),
      read_only: z.boolean().optional(),
      bind: z.unknown().optional(),
    }),
  ),
  command: z.array(z.string()),
});
const Compose = z.strictObject({
  name: z.string(),
  'x-confined': z.unknown(),
  services: z.strictObject({
    nats: Service,
    node: Service.extend({ deploy: z.strictObject({ replicas: z.literal(2) }) }),
  }),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

test('the compose file starts a server and two nodes, confined, reachable from this machine only, with their secrets in files', () => {
  const { services, secrets } = Compose.parse(documents(join(folder, 'compose.yaml'))[0]);
  for (const name of services.node.secrets) expect(secrets).toHaveProperty(name);
  const writable = [...services.nats.volumes, ...services.node.volumes].filter((volume) => !volume.read_only);
  expect(writable.map(({ target }) => target)).toEqual(['/data']);
});

test('the server gets its configuration and no key of a role', () => {
  const { services } = Compose.parse(documents(join(folder, 'compose.yaml'))[0]);
  const sources = services.nats.volumes.map(({ source }) => source);
  expect(sources).toEqual(['./nats/nats.conf', './nats/accounts.conf', './tls', './store']);
});

test('compose and Kubernetes run the image of this version', () => {
  const { services } = Compose.parse(documents(join(folder, 'compose.yaml'))[0]);
  expect(services.node.image).toBe(`${packageName}:${version}`);
  const [kustomization] = documents(join(folder, 'kubernetes/base/kustomization.yaml')) as [{ images: unknown }];
  expect(kustomization.images).toEqual([{ name: packageName, newTag: version }]);
});
