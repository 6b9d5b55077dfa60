import { link, readdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { hindrances, whatNeverFits, type ModelProblem } from '#shared/gguf/model-fit'
import { modelName, modelNameOf, storedModel, type StoredModel } from '#shared/gguf/stored-model'
import { printable } from '#shared/text/printable'
import { writeFileAtomically } from '../atomic-file'
import { makeDirectory } from '../make-directory'
import { storageError } from '../store/storage-errors'
import { copyFileResumably } from './copy-file'
import { ModelChecksums, type ReadOptions } from './model-checksums'
import { readModelFile, type ModelFile } from './model-file'

/** A model that is kept here. */
export interface KeptModel extends StoredModel {
  readonly path: string
  /** What its file is now: `changed` when it has another size than it had when it was added. */
  readonly state: 'present' | 'changed' | 'missing'
}

export interface AddOptions extends ReadOptions {
  /** Copy also where the file could be linked. */
  readonly copy?: boolean
  /** What is done now. */
  readonly onStep?: (step: 'read' | 'copy' | 'check') => void
}

export interface Added {
  readonly model: KeptModel
  readonly how: 'linked' | 'copied' | 'already there'
}

/**
 * The models of this machine, in `models/` of the data folder: `<name>.gguf`, and `<name>.json` that says what it is. A file on the same disk
 * is linked (it takes no room, and stays when the original is removed), another one is copied.
 */
export class ModelStore {
  readonly directory: string
  readonly checksums: ModelChecksums
  readonly #now: () => number

  constructor(dataDirectory: string, now: () => number = Date.now) {
    this.directory = join(dataDirectory, 'models')
    this.checksums = new ModelChecksums(dataDirectory)
    this.#now = now
  }

  /** By name. */
  async list(): Promise<KeptModel[]> {
    const files = await readdir(this.directory).catch(() => [])
    const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length))
    const kept = await Promise.all(names.sort().map((name) => this.#kept(name)))
    return kept.filter((each) => each !== null)
  }

  /** @throws SkyError `not_found` */
  async get(name: string): Promise<KeptModel> {
    const kept = modelName.safeParse(name).success ? await this.#kept(name) : null
    if (kept !== null) return kept
    throw new SkyError(
      'not_found',
      `There is no model ${printable(name)}`,
      'List them: skymemory model list. Add one: skymemory model add FILE',
    )
  }

  /**
   * The file of a model that is kept here, or that is named by its path. A name comes first; a path with a `/` is never a name.
   * @throws SkyError `not_found`
   */
  async pathOf(nameOrFile: string): Promise<string> {
    const kept = modelName.safeParse(nameOrFile).success ? await this.#kept(nameOrFile) : null
    if (kept?.state === 'present') return kept.path
    if (kept !== null) throw notAsAdded(kept)
    const path = resolve(nameOrFile)
    const isThere = await stat(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
    throw new SkyError(
      'not_found',
      `There is neither a model nor a file ${printable(nameOrFile)}`,
      'List the models: skymemory model list',
    )
  }

  /**
   * Take in a model. A copy that broke off goes on.
   * @param name null = after the file
   * @throws SkyError `not_found`, `invalid_argument`, `invalid_model`, `not_supported` (with the reason), `conflict` when the name is taken,
   *   `storage_full`, `storage_unwritable`, `cancelled`
   */
  async add(file: string, name: string | null, options: AddOptions = {}): Promise<Added> {
    const model = await readModelFile(resolve(file))
    requireUsable(model)
    const chosen = nameFor(file, name)
    options.onStep?.('read')
    const sha256 = await this.checksums.sha256(model.path, options)
    const present = await this.#kept(chosen)
    if (present?.state === 'present') {
      if (present.sha256 === sha256) return { model: present, how: 'already there' }
      throw new SkyError(
        'conflict',
        `There is another model ${chosen} already (SHA-256 ${present.sha256.slice(0, 12)})`,
        `Choose another name with --name, or remove it: skymemory model remove ${chosen}`,
      )
    }
    const target = this.#file(chosen)
    const note: StoredModel = { name: chosen, bytes: model.bytes, sha256, addedAt: this.#now() }
    const how = await this.#place(model.path, target, sha256, options)
    await writeFileAtomically(this.#note(chosen), JSON.stringify(note), 0o644)
    return { model: { ...note, path: target, state: 'present' }, how }
  }

  async #place(
    source: string,
    target: string,
    sha256: string,
    options: AddOptions,
  ): Promise<'linked' | 'copied'> {
    try {
      await makeDirectory(this.directory)
      // A file that lies here already, without its note.
      if (await isSameFile(source, target)) return 'linked'
      await rm(target, { force: true })
    } catch (thrown) {
      throw storageError(thrown, target, 'storage_unwritable')
    }
    if (options.copy !== true && (await linked(source, target))) {
      await this.checksums.note(target, sha256)
      return 'linked'
    }
    options.onStep?.('copy')
    await copyFileResumably(source, target, options)
    options.onStep?.('check')
    const found = await this.checksums.sha256(target, options)
    if (found === sha256) return 'copied'
    await rm(target, { force: true })
    throw new SkyError(
      'conflict',
      `The copy of ${source} is not equal to it: SHA-256 ${found}, not ${sha256}`,
      'Try again; if it happens again, look at the memory and the disk of this machine.',
    )
  }

  /** @throws SkyError `not_found`, `storage_unwritable` */
  async remove(name: string): Promise<KeptModel> {
    const kept = await this.get(name)
    try {
      await rm(kept.path, { force: true })
      await rm(`${kept.path}.partial`, { force: true })
      await rm(this.#note(name), { force: true })
    } catch (thrown) {
      throw storageError(thrown, kept.path, 'storage_unwritable')
    }
    return kept
  }

  async #kept(name: string): Promise<KeptModel | null> {
    const text = await readFile(this.#note(name), 'utf8').catch(() => null)
    if (text === null) return null
    const note = parsedNote(text)
    if (note === null || note.name !== name) return null
    const path = this.#file(name)
    const size = await stat(path).then(
      (found) => found.size,
      () => null,
    )
    return { ...note, path, state: size === null ? 'missing' : size === note.bytes ? 'present' : 'changed' }
  }

  #file(name: string): string {
    return join(this.directory, `${name}.gguf`)
  }

  #note(name: string): string {
    return join(this.directory, `${name}.json`)
  }
}

/** @throws SkyError `not_supported`, `invalid_model` with all reasons */
export function requireUsable({ path, bytes, shape }: ModelFile): void {
  const problems = hindrances(whatNeverFits(shape, bytes))
  const [first] = problems
  if (first === undefined) return
  const isDamaged = problems.some(({ kind }) => kind === 'truncated')
  throw modelRefused(isDamaged ? 'invalid_model' : 'not_supported', path, problems)
}

/** One error for all that is wrong with a model. */
export function modelRefused(
  code: 'invalid_model' | 'not_supported',
  path: string,
  problems: readonly ModelProblem[],
): SkyError {
  const message = problems.map((problem) => problem.message).join(' ')
  const hint = problems[0]?.hint ?? ''
  return new SkyError(code, `${path} cannot be used. ${message}`, hint, { path, problems: [...problems] })
}

/** @throws SkyError `invalid_argument` */
export function nameFor(file: string, name: string | null): string {
  const chosen = name ?? modelNameOf(basename(file))
  const checked = modelName.safeParse(chosen)
  if (checked.success) return checked.data
  throw new SkyError(
    'invalid_argument',
    name === null
      ? `No name can be made of ${printable(basename(file))}`
      : `${printable(name)} cannot be a model's name: ${checked.error.issues[0]?.message ?? ''}`,
    'Choose one with --name, such as tinyllama-1.1b-q4_0.',
  )
}

function notAsAdded({ name, path, state }: KeptModel): SkyError {
  const what = state === 'missing' ? 'is gone' : 'has another size than when it was added'
  return new SkyError(
    'not_found',
    `The file of the model ${name} ${what}: ${path}`,
    `Remove it, and add it again: skymemory model remove ${name}`,
  )
}

function parsedNote(text: string): StoredModel | null {
  try {
    return storedModel.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** Whether two paths lead to one file; false where one of them leads nowhere. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => realpath(path).catch(() => null)))
  return first !== null && first === second
}

/** False where files cannot be linked: another disk, or a file system without links. */
async function linked(source: string, target: string): Promise<boolean> {
  return link(source, target).then(
    () => true,
    () => false,
  )
}
