import { stringify } from 'yaml'
import { SkyError } from '#shared/contract/errors'
import type { InventorySummary, SshConfigHost } from '#shared/contract/inventory-api'
import type { FileProblem } from '#shared/contract/problem'
import { pathText, readYaml, type Path, type YamlSource } from '#shared/yaml/yaml-source'
import { inventory as inventorySchema, type Inventory } from '#shared/inventory/inventory'
import type { Emit } from '../demo-client'

type Parsed = { inventory: Inventory | null; problems: FileProblem[] }

/** Inventories that are kept in memory. */
export class DemoInventories {
  readonly #kept = new Map<string, Inventory>()
  readonly #emit: Emit

  constructor(emit: Emit) {
    this.#emit = emit
  }

  list(): InventorySummary[] {
    return [...this.#kept.values()].map(({ name, description, hosts }) => ({
      name,
      description,
      satelliteHosts: hosts.filter((host) => host.role === 'satellite').length,
      inferenceHosts: hosts.filter((host) => host.role === 'inference').length,
      problem: null,
    }))
  }

  get(lab: string): Inventory {
    const found = this.#kept.get(lab)
    if (!found) throw new SkyError('not_found', `There is no lab ${lab}.`, 'Look for it in the list of labs.')
    return found
  }

  save(inventory: Inventory, replaces: string | null): void {
    if (inventory.name !== replaces && this.#kept.has(inventory.name)) {
      throw new SkyError('conflict', `There is a lab ${inventory.name} already.`, 'Give it another name.')
    }
    if (replaces !== null) this.#kept.delete(replaces)
    this.#kept.set(inventory.name, inventory)
    this.#emit('inventoriesChanged', this.list())
  }

  remove(lab: string): void {
    this.get(lab)
    this.#kept.delete(lab)
    this.#emit('inventoriesChanged', this.list())
  }

  yaml(lab: string): string {
    return stringify(this.get(lab))
  }
}

/** Checks of the made-up engine: the schema, and the mistakes that people make. */
export function parseInventory(yaml: string): Parsed {
  const source = readYaml(yaml)
  if (Array.isArray(source)) return { inventory: null, problems: source }
  const shape = inventorySchema.safeParse(source.value ?? {})
  if (!shape.success) {
    const problems = shape.error.issues.map((issue) => problem(source, issue.path as Path, issue.message))
    return { inventory: null, problems: [...source.problems, ...problems] }
  }
  const problems = [
    ...source.problems,
    ...relations(shape.data).map(([path, text]) => problem(source, path, text)),
  ]
  return { inventory: problems.length === 0 ? shape.data : null, problems }
}

function problem(source: YamlSource, path: Path, message: string): FileProblem {
  const value = source.quote(path)
  return { ...source.place(path, 'value'), path: pathText(path), value, message, allowed: '' }
}

function relations({ hosts, jump_hosts: jumps }: Inventory): [Path, string][] {
  const found: [Path, string][] = []
  const seen = new Set<string>(jumps.map(({ name }) => name))
  hosts.forEach((host, i) => {
    if (seen.has(host.name)) found.push([['hosts', i, 'name'], `${host.name} is the name of two hosts`])
    seen.add(host.name)
    for (const [k, name] of host.jump.entries()) {
      if (jumps.some((jump) => jump.name === name)) continue
      found.push([['hosts', i, 'jump', k], `there is no jump host ${name}`])
    }
  })
  const inference = hosts.filter((host) => host.role === 'inference').length
  if (inference !== 1) found.push([['hosts'], `one inference host is needed; there are ${inference}`])
  return found
}

export const demoSshConfig: SshConfigHost[] = [
  { alias: 'gateway', address: 'gate.lab.example', port: 2222, user: 'anna', keyFile: null, jump: [] },
  {
    alias: 'nuc1',
    address: '10.20.0.11',
    port: 22,
    user: 'lab',
    keyFile: '~/.ssh/lab_ed25519',
    jump: ['gateway'],
  },
  {
    alias: 'nuc2',
    address: '10.20.0.12',
    port: 22,
    user: 'lab',
    keyFile: '~/.ssh/lab_ed25519',
    jump: ['gateway'],
  },
  { alias: 'Jetson Orin', address: '10.20.0.20', port: 22, user: 'nvidia', keyFile: null, jump: ['gateway'] },
  { alias: 'build', address: 'build.example', port: 22, user: null, keyFile: null, jump: [] },
]
