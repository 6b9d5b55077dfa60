import { existsSync } from 'node:fs'
import { readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import type { InstallProgress, ModelEngine } from '#shared/contract/model-engine-api'
import { registrySettings, type RegistrySettings } from '../../registry/registry-settings'
import { thisMachine } from '../this-machine'
import { bringPackages } from './brought-packages'
import { mainPackage, readLlamaManifest, type LlamaManifest } from './llama-manifest'
import { installedLock, isSame, packagesForHosts, parseLock, type PlacedPackage } from './locked-packages'
import { PackageFiles } from './package-files'
import { unpackPackages } from './unpack-packages'
import { leftFolders, openWorkFolder } from './work-folder'

/** Where the package `@skymemory/llama` may lie. */
export interface LlamaPlaces {
  /** Folders that go before the one in the data folder, the first one first. */
  readonly elsewhere: readonly string[]
  /** The folder of its package.json and package-lock.json, which are part of this program. */
  readonly manifest: string
}

export interface LlamaInstallationOptions extends LlamaPlaces {
  readonly dataDirectory: string
  readonly settings?: () => Promise<RegistrySettings>
}

export interface InstallOptions {
  /** A folder or an archive with the packages' files; null = they are downloaded. */
  readonly from?: string | null
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: InstallProgress) => void
}

/** npm writes it as the last step of an installation; so is it done here. */
const lastFile = join('node_modules', '.package-lock.json')

/**
 * The package `@skymemory/llama`, which runs real models, on this machine. Its native files have some 100 MB: they are fetched when
 * somebody wants them, and lie in `llama/` of the data folder.
 */
export class LlamaInstallation {
  readonly #dataDirectory: string
  readonly #elsewhere: readonly string[]
  readonly #manifest: string
  readonly #settings: () => Promise<RegistrySettings>
  readonly #target: string
  #isBusy = false

  constructor({ dataDirectory, elsewhere, manifest, settings }: LlamaInstallationOptions) {
    this.#dataDirectory = dataDirectory
    this.#elsewhere = elsewhere
    this.#manifest = manifest
    this.#settings = settings ?? (() => registrySettings(process.env))
    this.#target = join(dataDirectory, 'llama')
  }

  /** Its folder; null when it is not installed. */
  get found(): string | null {
    const holds = (folder: string): boolean => existsSync(join(folder, mainPackage, 'package.json'))
    return [...this.#elsewhere, this.#target].find(holds) ?? null
  }

  /** Its folder, or where it would be installed. */
  get folder(): string {
    return this.found ?? this.#target
  }

  /** @throws SkyError `not_found` when this program is not complete */
  async look(): Promise<ModelEngine> {
    const { locked, version, downloadBytes, installedBytes } = await readLlamaManifest(this.#manifest)
    const common = { folder: this.folder, wantedVersion: version, downloadBytes, installedBytes }
    const { problem } = thisMachine()
    if (this.found === null) return { ...common, state: 'absent', version: null, problem }
    const last = await readFile(join(this.folder, lastFile), 'utf8').catch(() => '')
    try {
      const installed = parseLock(last)
      return {
        ...common,
        state: isSame(locked, installed) ? 'installed' : 'other version',
        version: installed.get(mainPackage)?.version ?? null,
        problem,
      }
    } catch {
      return { ...common, state: 'incomplete', version: null, problem }
    }
  }

  /**
   * Install it, unless it is there. It is put in place as a whole: whatever happens meanwhile, there is either what was there before or all
   * of it. What has been downloaded stays for a next attempt.
   * @throws SkyError `unreachable`, `provisioning_failed` (not what is pinned), `not_found`, `invalid_argument`, `conflict`, `storage_full`,
   *   `storage_unwritable`, `cancelled`
   */
  install(options: InstallOptions = {}): Promise<'installed' | 'already there'> {
    return this.#alone(async () => {
      const { state, folder } = await this.look()
      if (state === 'installed') return 'already there'
      if (folder !== this.#target) throw goesBefore(folder, state)
      const manifest = await readLlamaManifest(this.#manifest)
      await this.#requireSpace(manifest)
      const work = await openWorkFolder(this.#dataDirectory)
      const packages = packagesForHosts(manifest.locked)
      const files = await this.#gather(manifest, packages, work, options)
      const fresh = join(work, 'new')
      try {
        await unpackPackages(packages, files, fresh, {
          signal: options.signal,
          onProgress: reporter('unpack', packages.length, options),
        })
        await writeFile(join(fresh, 'package.json'), manifest.packageJson)
        await writeFile(join(fresh, 'package-lock.json'), manifest.lock)
        await writeFile(join(fresh, lastFile), installedLock(manifest.locked, packages))
        await this.#moveAway(work)
        await rename(fresh, this.#target)
      } finally {
        await rm(fresh, { recursive: true, force: true }).catch(() => undefined)
      }
      await rm(work, { recursive: true, force: true })
      return 'installed'
    })
  }

  /** The files of all packages as one archive, for a machine without internet. @throws as `install` */
  async pack(file: string, options: Omit<InstallOptions, 'from'> = {}): Promise<void> {
    if (!file.endsWith('.tar')) {
      throw new SkyError(
        'invalid_argument',
        `${file} does not end in .tar`,
        'Name it llama.tar, for instance.',
      )
    }
    await this.#alone(async () => {
      const manifest = await readLlamaManifest(this.#manifest)
      const work = await openWorkFolder(this.#dataDirectory)
      const packages = packagesForHosts(manifest.locked)
      const files = await this.#gather(manifest, packages, work, options)
      await files.pack(manifest.packageJson, packages, file)
      await rm(work, { recursive: true, force: true })
    })
  }

  /**
   * Take it away from the data folder, and what an installation that broke off has left.
   * @returns the folder
   * @throws SkyError `not_found`, `storage_unwritable`
   */
  async remove(): Promise<string> {
    if (!existsSync(this.#target) && (await leftFolders(this.#dataDirectory)).length === 0) {
      throw new SkyError(
        'not_found',
        `llama.cpp is not installed in ${this.#target}`,
        this.found === null ? '' : `It is used from ${this.found}, which this command leaves alone.`,
      )
    }
    await this.#alone(async () => {
      const work = await openWorkFolder(this.#dataDirectory)
      await this.#moveAway(work)
      await rm(work, { recursive: true, force: true })
    })
    return this.#target
  }

  /** The files of all packages, below the work folder. */
  async #gather(
    manifest: LlamaManifest,
    packages: readonly PlacedPackage[],
    work: string,
    options: InstallOptions,
  ): Promise<PackageFiles> {
    const { from = null, signal } = options
    const files = new PackageFiles(join(work, 'files'))
    const onProgress = reporter(from === null ? 'download' : 'read', manifest.downloadBytes, options)
    // To ask npm for its settings takes a second.
    onProgress(0)
    if (from === null) await files.download(packages, await this.#settings(), { signal, onProgress })
    else await bringPackages(from, packages, files, work, { signal, onProgress })
    return files
  }

  /** What is moved is gone at once; to remove so many files takes a while. */
  async #moveAway(work: string): Promise<void> {
    const old = join(work, 'old')
    await rm(old, { recursive: true, force: true })
    if (existsSync(this.#target)) await rename(this.#target, old)
  }

  /** Better to say it before anything is downloaded. */
  async #requireSpace({ downloadBytes, installedBytes }: LlamaManifest): Promise<void> {
    const found = await statfs(this.#dataDirectory).catch(() => null)
    const free = found === null ? Infinity : found.bavail * found.bsize
    const needed = downloadBytes + installedBytes
    if (free < needed) throw this.#full(`${needed} bytes are needed, ${free} are free`)
  }

  /** One piece of work at a time, whose errors of the file system say what to do. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      throw new SkyError('conflict', 'llama.cpp is being installed or removed already', 'Wait for its end.')
    }
    this.#isBusy = true
    try {
      return await work()
    } catch (thrown) {
      throw this.#explained(thrown)
    } finally {
      this.#isBusy = false
    }
  }

  #explained(thrown: unknown): SkyError {
    if (thrown instanceof SkyError) return thrown
    const { code = '', message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') return this.#full(message)
    return new SkyError(
      'storage_unwritable',
      `llama.cpp cannot be installed in ${this.#dataDirectory}: ${message}`,
      'Make that folder writable, and end programs that use the folder llama in it, then try again.',
    )
  }

  #full(why: string): SkyError {
    return new SkyError(
      'storage_full',
      `The disk of ${this.#dataDirectory} has no room for llama.cpp: ${why}`,
      'Free some space there, then try again: what has been downloaded is kept.',
    )
  }
}

/** Part of the time that fetching takes; unpacking takes the rest. */
const fetchingPart = 0.7

function reporter(
  step: InstallProgress['step'],
  total: number,
  { onProgress }: InstallOptions,
): (done: number) => void {
  const [from, part] = step === 'unpack' ? [fetchingPart, 1 - fetchingPart] : [0, fetchingPart]
  return (done) => onProgress?.({ step, done, total, fraction: from + part * Math.min(1, done / total) })
}

function goesBefore(folder: string, state: ModelEngine['state']): SkyError {
  return new SkyError(
    'conflict',
    `${folder} goes before the data folder, and llama.cpp in it is ${state === 'incomplete' ? 'incomplete' : 'of another version'}`,
    'Run npm ci --ignore-scripts there (npm run build does, in a checkout), or unset SKYMEMORY_LLAMA if it names that folder.',
  )
}
