/** The comment at the top of a file with a seed: what its holder may do, for a person who finds it. */
import { inboxPrefixOf } from '../credentials.ts';
import { apiPrefixOf, controlSubjects, endpointSubject } from './roles.ts';

/** Lines of comment. `inputs`: by name of an agent or team, what it takes, in words. */
export function seedFileHeader(
  tenant: string,
  role: string,
  publicKey: string,
  inputs: Readonly<Record<string, string>>,
): string {
  const lines = [
    `${role} of the tenant ${tenant}: ${roleSummary(tenant, role, inputs)}.`,
    'Whoever has this file is that role: keep it secret. TROUPE_NATS_CREDS or --nats-creds names it; so does --nkey of the nats command,',
    `with --inbox-prefix ${inboxPrefixOf(publicKey)}`,
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}

function roleSummary(tenant: string, role: string, inputs: Readonly<Record<string, string>>): string {
  if (role === 'node') return 'runs agents; may do everything of its tenant';
  if (role === 'operator') return 'the command line; reads the journal and adds to it, and speaks to nodes';
  if (role === 'observer')
    return `hears topics and reads the journal (--js-api-prefix ${apiPrefixOf(tenant)}); changes nothing`;
  if (role === 'control')
    return `asks control servers ("troupe control --nats") on ${controlSubjects(tenant)}: starts, shows, answers and ends all runs of the tenant; nothing else`;
  const name = role.slice('asks-'.length);
  return `asks "${name}" (${inputs[name] ?? ''}) on ${endpointSubject(tenant, name)}; nothing else`;
}
