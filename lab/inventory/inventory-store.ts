import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { shownProblems, type InventorySummary } from '#shared/contract/inventory-api'
import { fileProblem, type FileProblem } from '#shared/contract/problem'
import { SkyError } from '#shared/contract/errors'
import { builtInLabs } from '#shared/experiment/schema'
import { labName, type Inventory } from '#shared/inventory/inventory'
import { inventoryProblems } from '#shared/inventory/inventory-problems'
import { inventoryYaml } from '#shared/inventory/inventory-yaml'
import { parseInventory, type ParsedInventory } from '#shared/inventory/parse-inventory'
import { readYaml } from '#shared/yaml/yaml-source'
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

  /** @throws SkyError `not_found`, `invalid_argument` when its file cannot be used; its details have the problems */
  async get(name: string): Promise<Inventory> {
    const parsed = parseNamed(name, await this.#text(name))
    if (parsed.ok) return parsed.inventory
    throw unusable(name, this.#file(name), parsed.problems)
  }

  /** The file of a lab in the form that this console writes; one that cannot be used as it is. @throws SkyError `not_found` */
  async yaml(name: string): Promise<{ yaml: string; problems: FileProblem[] }> {
    const text = await this.#text(name)
    const parsed = parseNamed(name, text)
    return parsed.ok
      ? { yaml: inventoryYaml(parsed.inventory), problems: [] }
      : { yaml: text, problems: parsed.problems }
  }

  async #text(name: string): Promise<string> {
    const file = this.#file(name)
    return readFile(file, 'utf8').catch((thrown: unknown) => {
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
        problems: [],
      }
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown)
      const problems = problemsOf(thrown).slice(0, shownProblems)
      return { name, description: '', inferenceHosts: 0, satelliteHosts: 0, problem, problems }
    }
  }

  #file(name: string): string {
    return join(this.directory, `${name}.yaml`)
  }
}

/** The inventory of a file, which must have the name of its lab. */
function parseNamed(name: string, text: string): ParsedInventory {
  const parsed = parseInventory(text)
  if (!parsed.ok || parsed.inventory.name === name) return parsed
  const source = readYaml(text)
  const place = Array.isArray(source) ? { line: null, column: null } : source.place(['name'], 'value')
  const value = parsed.inventory.name
  const message = `the file of the lab ${name} is that of the lab ${value}`
  return {
    ok: false,
    problems: [{ ...place, path: 'name', value, message, allowed: `the name of its file, ${name}` }],
  }
}

function unusable(name: string, file: string, problems: readonly FileProblem[]): SkyError {
  const [first] = problems
  const place = first?.line ? `${file}:${first.line}:${first.column ?? 1}` : file
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : ''
  return new SkyError(
    'invalid_argument',
    `The inventory ${place} cannot be used: ${first?.message ?? 'it is empty'}${more}`,
    `${first ? `Allowed: ${first.allowed}. ` : ''}Correct the file, or open the lab ${name} in the window's list of labs.`,
    { lab: name, file, problems: problems.slice(0, shownProblems) },
  )
}

const brokenFile = z.object({ problems: z.array(fileProblem) })

function problemsOf(thrown: unknown): FileProblem[] {
  const details = brokenFile.safeParse(thrown instanceof SkyError ? thrown.details : null)
  return details.success ? details.data.problems : []
}
