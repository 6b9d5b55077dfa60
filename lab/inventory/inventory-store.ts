import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { InventorySummary } from '#shared/contract/inventory-api'
import { SkyError } from '#shared/contract/errors'
import { builtInLabs } from '#shared/experiment/schema'
import { labName, type Inventory } from '#shared/inventory/inventory'
import { inventoryProblems } from '#shared/inventory/inventory-problems'
import { inventoryYaml } from '#shared/inventory/inventory-yaml'
import { parseInventory } from '#shared/inventory/parse-inventory'
import { writeFileAtomically } from '../atomic-file'
import { storageError } from '../store/storage-errors'

/** The inventories of a data directory: a YAML file each, which people may edit, too. */
export class InventoryStore {
  readonly directory: string
  readonly #onChanged: (summaries: InventorySummary[]) => void

  /** @param dataDirectory holds them under labs/ */
  constructor(dataDirectory: string, onChanged: (summaries: InventorySummary[]) => void) {
    this.directory = join(dataDirectory, 'labs')
    this.#onChanged = onChanged
  }

  /** In the order of their names; a file that cannot be used is there, with the reason. */
  async list(): Promise<InventorySummary[]> {
    const entries = await readdir(this.directory).catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw storageError(thrown, this.directory, 'storage_unwritable')
    })
    const names = entries.flatMap((entry) => {
      const name = entry.endsWith('.yaml') ? entry.slice(0, -'.yaml'.length) : ''
      return labName.safeParse(name).success ? [name] : []
    })
    return Promise.all(names.sort().map((name) => this.#summary(name)))
  }

  /** @throws SkyError `not_found`, `invalid_argument` when its file cannot be used */
  async get(name: string): Promise<Inventory> {
    const file = this.#file(name)
    const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw storageError(thrown, file, 'storage_unwritable')
      }
      throw new SkyError(
        'not_found',
        `There is no lab ${name}`,
        'See which there are with: skymemory lab list',
        { lab: name },
      )
    })
    const parsed = parseInventory(text)
    if (!parsed.ok) {
      const [first] = parsed.problems
      const place = first?.line ? `line ${first.line}: ` : ''
      throw new SkyError(
        'invalid_argument',
        `The inventory ${file} cannot be used: ${place}${first?.message ?? 'it is empty'}`,
        first ? `Allowed: ${first.allowed}` : '',
        { lab: name, problems: parsed.problems },
      )
    }
    if (parsed.inventory.name !== name) {
      throw new SkyError(
        'invalid_argument',
        `The inventory ${file} is that of the lab ${parsed.inventory.name}`,
        `Give it the name of its file, or rename the file to ${parsed.inventory.name}.yaml.`,
        { lab: name },
      )
    }
    return parsed.inventory
  }

  /**
   * @param replaces the name that it had before; null = it is new
   * @throws SkyError `conflict` when another lab has its name, `invalid_argument`, `not_found`, `storage_*`
   */
  async save(inventory: Inventory, replaces: string | null): Promise<void> {
    const { name } = inventory
    const [problem] = inventoryProblems(inventory)
    if (problem)
      throw new SkyError(
        'invalid_argument',
        `The lab ${name}: ${problem.message}`,
        `Allowed: ${problem.allowed}`,
      )
    if ((builtInLabs as readonly string[]).includes(name)) {
      throw new SkyError(
        'conflict',
        `${name} is the name of a lab that is there anyway`,
        'Choose another name.',
      )
    }
    const names = (await this.list()).map((each) => each.name)
    if (replaces !== null && !names.includes(replaces)) {
      throw new SkyError(
        'not_found',
        `There is no lab ${replaces}`,
        'It may have been deleted meanwhile: save it as a new one.',
      )
    }
    if (name !== replaces && names.includes(name)) {
      throw new SkyError(
        'conflict',
        `There is a lab ${name} already`,
        'Choose another name, or change that one.',
      )
    }
    await writeFileAtomically(this.#file(name), inventoryYaml(inventory), 0o600)
    if (replaces !== null && replaces !== name) await rm(this.#file(replaces), { force: true })
    this.#onChanged(await this.list())
  }

  /** @throws SkyError `not_found`, `storage_unwritable` */
  async delete(name: string): Promise<void> {
    const file = this.#file(name)
    await rm(file).catch((thrown: unknown) => {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT')
        throw new SkyError('not_found', `There is no lab ${name}`)
      throw storageError(thrown, file, 'storage_unwritable')
    })
    this.#onChanged(await this.list())
  }

  async #summary(name: string): Promise<InventorySummary> {
    try {
      const { description, hosts } = await this.get(name)
      const inferenceHosts = hosts.filter(({ role }) => role === 'inference').length
      return {
        name,
        description,
        inferenceHosts,
        satelliteHosts: hosts.length - inferenceHosts,
        problem: null,
      }
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown)
      return { name, description: '', inferenceHosts: 0, satelliteHosts: 0, problem }
    }
  }

  #file(name: string): string {
    return join(this.directory, `${name}.yaml`)
  }
}
