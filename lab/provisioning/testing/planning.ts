import { inventoryHost, type InventoryHost } from '#shared/inventory/inventory'
import { issueHost, type Identity } from '../certificates/issue'
import type { AgentAnswer, HostFacts } from '../facts/host-facts'
import type { PackedLlama } from '../llama/llama-packages'
import { isChange, type HostDeployment, type Wanted } from '../plan/deployment'
import { planHost } from '../plan/plan-host'
import { pinnedRuntimes } from '../runtimes/pinned-runtimes'
import { answerOf, bareHost, deployedHost, noAnswer } from './host-facts'

/** The day on which everything is deployed. */
export const start = new Date('2026-03-01T12:00:00Z')
/** What runs models, and its package for x64. */
export const model = { sha256: 'b'.repeat(64), bytes: 1_000_000 }
export const llama: PackedLlama = {
  name: 'llama-x64-0123456789abcdef',
  contentSha256: '0123456789abcdef'.repeat(4),
  unpackedBytes: 38_000_000,
  addon: 'x.node',
  file: '/nowhere/llama.tgz',
  bytes: 12_000_000,
  sha256: 'c'.repeat(64),
}
export const agent = { version: '1.2.0', sha256: 'a'.repeat(64), bytes: 2_000_000 }

/** A satellite host of an inventory. */
export function nuc1(changes: object = {}): InventoryHost {
  return hostOf({ role: 'satellite', name: 'nuc1', address: '10.0.0.1', user: 'lab', ...changes })
}

/** An inference host that runs models. */
export function jetson(changes: object = {}): InventoryHost {
  return hostOf({
    role: 'inference',
    name: 'jetson',
    address: '10.0.0.6',
    user: 'lab',
    models: true,
    ...changes,
  })
}

function hostOf(host: object): InventoryHost {
  return inventoryHost.parse(host)
}

export interface PlanParts extends Partial<Wanted> {
  readonly host?: InventoryHost
  readonly answer?: AgentAnswer
  readonly packed?: PackedLlama | null
}

/** Plans for hosts of a lab with this authority; null = it has none yet. */
export function plansWith(
  authority: Identity | null,
): (facts?: HostFacts, parts?: PlanParts) => HostDeployment {
  return (facts = bareHost, { host = nuc1(), answer = noAnswer, packed = null, ...changes } = {}) =>
    planHost(
      host,
      facts,
      answer,
      {
        lab: 'rack',
        hosts: ['nuc1', 'nuc2', 'jetson'],
        agent,
        model,
        authority: authority?.certificate ?? null,
        pins: pinnedRuntimes,
        now: start,
        ...changes,
      },
      packed,
    )
}

/** What would be done, such as `agent update`. */
export function changesOf({ steps }: HostDeployment): string[] {
  return steps.filter(isChange).map(({ id, action }) => `${id} ${action}`)
}

export function detailOf({ steps }: HostDeployment, id: string): string | undefined {
  return steps.find((step) => step.id === id)?.detail
}

/** A host on which this was deployed at the start, and its agent's answer. */
export async function after(
  deployment: HostDeployment,
  authority: Identity,
): Promise<{ facts: HostFacts; answer: AgentAnswer }> {
  const identity = await issueHost(authority, deployment.host.name, start)
  const facts = deployedHost(deployment, 'rack', identity, authority.certificate)
  return { facts, answer: answerOf(deployment) }
}

/** What planning refuses with: `code: message`. */
export function refusal(planning: () => unknown): string {
  try {
    planning()
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string }
    return `${code}: ${message}`
  }
  throw new Error('there is a plan')
}
