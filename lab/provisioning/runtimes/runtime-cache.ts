import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SkyError } from '#shared/contract/errors'
import { makeDirectory } from '../../make-directory'
import { downloadPackage } from '../../registry/download-package'
import {
  pinnedRuntime,
  pinnedRuntimes,
  runtimeName,
  type PinnedRuntime,
  type RuntimeArchitecture,
} from './pinned-runtimes'
import { registrySettings, type RegistrySettings } from '../../registry/registry-settings'

/** A runtime's package on this machine, checked just now. */
export interface CachedRuntime {
  readonly pin: PinnedRuntime
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

export type RuntimeState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly file: string }
  | { readonly kind: 'present'; readonly runtime: CachedRuntime }

export interface RuntimeCacheOptions {
  readonly directory: string
  readonly pins?: readonly PinnedRuntime[]
  readonly settings?: () => Promise<RegistrySettings>
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes that have come. */
  readonly onProgress?: (bytes: number) => void
}

/** Keeps the packages of the Node runtimes, so that hosts and console need no internet later. What it hands out has been checked. */
export class RuntimeCache {
  readonly pins: readonly PinnedRuntime[]
  readonly #directory: string
  readonly #settings: () => Promise<RegistrySettings>
  readonly #fetching = new Map<RuntimeArchitecture, Promise<CachedRuntime>>()

  constructor({ directory, pins = pinnedRuntimes, settings }: RuntimeCacheOptions) {
    this.#directory = directory
    this.pins = pins
    this.#settings = settings ?? (() => registrySettings(process.env))
  }

  pin(architecture: RuntimeArchitecture): PinnedRuntime {
    return pinnedRuntime(architecture, this.pins)
  }

  async look(architecture: RuntimeArchitecture): Promise<RuntimeState> {
    const pin = this.pin(architecture)
    const file = this.#file(pin)
    const found = await digests(file)
    if (found === null) return { kind: 'absent' }
    if (found.integrity !== pin.integrity) return { kind: 'damaged', file }
    return { kind: 'present', runtime: { pin, file, bytes: found.bytes, sha256: found.sha256 } }
  }

  /**
   * The runtime's package, downloaded if it is not here yet. Several callers share one download; the first one's signal ends it.
   * @throws SkyError `unreachable`, `provisioning_failed` (not what is pinned), `storage_full`, `storage_unwritable`, `cancelled`
   */
  fetch(architecture: RuntimeArchitecture, options: FetchOptions = {}): Promise<CachedRuntime> {
    const present = this.#fetching.get(architecture)
    if (present) return present
    const fetching = this.#fetch(architecture, options).finally(() => this.#fetching.delete(architecture))
    this.#fetching.set(architecture, fetching)
    return fetching
  }

  /**
   * Take in a package's file that was brought from another machine.
   * @throws SkyError `not_found`, `invalid_argument` when it is not one of the pinned packages
   */
  async import(file: string): Promise<CachedRuntime> {
    const found = await digests(file)
    if (found === null) throw new SkyError('not_found', `There is no file ${file}`)
    const pin = this.pins.find(({ integrity }) => integrity === found.integrity)
    if (!pin) {
      const wanted = this.pins.map((each) => `${each.package}@${each.version}`).join(' or ')
      throw new SkyError(
        'invalid_argument',
        `${file} is not the package ${wanted}: its SHA-512 is another one`,
        `On a machine with internet: npm pack ${wanted.replace(' or ', ' ')}`,
      )
    }
    const target = this.#file(pin)
    const temporary = `${target}.import`
    await this.#store(async () => {
      await copyFile(file, temporary)
      await rename(temporary, target)
    }, temporary)
    return this.#checked(pin, target)
  }

  async #fetch(architecture: RuntimeArchitecture, options: FetchOptions): Promise<CachedRuntime> {
    const state = await this.look(architecture)
    if (state.kind === 'present') return state.runtime
    const pin = this.pin(architecture)
    const target = this.#file(pin)
    const temporary = `${target}.download`
    const settings = await this.#settings()
    await this.#store(async () => {
      await downloadPackage(
        pin,
        settings,
        { ...options, otherWay: 'skymemory lab runtimes --help' },
        (bytes) => pipeline(bytes, createWriteStream(temporary)),
      )
      await this.#checked(pin, temporary)
      await rename(temporary, target)
    }, temporary)
    return this.#checked(pin, target)
  }

  #file(pin: PinnedRuntime): string {
    return join(this.#directory, `${runtimeName(pin)}.tgz`)
  }

  async #checked(pin: PinnedRuntime, file: string): Promise<CachedRuntime> {
    const found = await digests(file)
    if (found?.integrity === pin.integrity) return { pin, file, bytes: found.bytes, sha256: found.sha256 }
    throw new SkyError(
      'provisioning_failed',
      `${file} is not ${pin.package}@${pin.version}: its SHA-512 is another one`,
      'Repeat the command: it is downloaded again.',
    )
  }

  /** Do what writes into the cache; whatever happens, no part of a file stays. */
  async #store(work: () => Promise<void>, temporary: string): Promise<void> {
    try {
      await makeDirectory(this.#directory)
      await work()
    } catch (thrown) {
      if (thrown instanceof SkyError) throw thrown
      const full = (thrown as NodeJS.ErrnoException).code === 'ENOSPC'
      throw new SkyError(
        full ? 'storage_full' : 'storage_unwritable',
        `The runtime cannot be kept in ${this.#directory}: ${(thrown as Error).message}`,
        full ? 'Free some space there, then repeat the command.' : 'Make that folder writable.',
      )
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined)
    }
  }
}

/** Null when there is no such file. */
async function digests(file: string): Promise<{ integrity: string; sha256: string; bytes: number } | null> {
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) return null
  const [sha512, sha256] = [createHash('sha512'), createHash('sha256')]
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) {
    sha512.update(part)
    sha256.update(part)
  }
  return { integrity: `sha512-${sha512.digest('base64')}`, sha256: sha256.digest('hex'), bytes: found.size }
}
