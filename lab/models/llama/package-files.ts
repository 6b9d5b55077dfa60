import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { copyFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SkyError } from '#shared/contract/errors'
import { inParallel } from '../../in-parallel'
import { makeDirectory } from '../../make-directory'
import { downloadPackage, type PinnedPackage } from '../../registry/download-package'
import type { RegistrySettings } from '../../registry/registry-settings'
import { storageError } from '../../store/storage-errors'
import { tarOf, type TarEntry } from '../../tar'

/** Downloads at the same time: most packages are so small that waiting is all that they cost. */
const downloadsAtOnce = 6

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes that are there so far. */
  readonly onProgress?: (bytes: number) => void
}

/** The files of packages, each named by its SHA-512. A file gets its name when it is whole and right, so that a later attempt can use it. */
export class PackageFiles {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  file(integrity: string): string {
    const hex = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
    return join(this.#directory, `${hex}.tgz`)
  }

  /**
   * Download what is not here yet. After a failure what has come stays.
   * @throws SkyError `unreachable`, `provisioning_failed` (not what is pinned), `cancelled`; errors of the file system
   */
  async download(
    packages: readonly PinnedPackage[],
    settings: RegistrySettings,
    { signal, onProgress }: WorkOptions,
  ): Promise<void> {
    await makeDirectory(this.#directory)
    const here = new Map<string, number>()
    const came = (integrity: string, bytes: number): void => {
      here.set(integrity, bytes)
      onProgress?.([...here.values()].reduce((sum, each) => sum + each, 0))
    }
    await inParallel(unique(packages), downloadsAtOnce, async (pin) => {
      const target = this.file(pin.integrity)
      const present = await this.#bytesOf(pin.integrity)
      if (present !== null) return came(pin.integrity, present)
      const part = `${target}.part`
      const options = {
        signal,
        onProgress: (bytes: number) => came(pin.integrity, bytes),
        otherWay: 'skymemory model engine install --help',
      }
      try {
        await downloadPackage(pin, settings, options, (bytes) => pipeline(bytes, createWriteStream(part)))
        await rename(part, target)
      } finally {
        await rm(part, { force: true })
      }
    })
  }

  /**
   * Take them from a folder, whatever they are called there, and however deep.
   * @returns those that are not there
   * @throws SkyError `cancelled`; errors of the file system
   */
  async takeFrom(
    folder: string,
    packages: readonly PinnedPackage[],
    { signal, onProgress }: WorkOptions,
  ): Promise<PinnedPackage[]> {
    await makeDirectory(this.#directory)
    const missing = new Map(unique(packages).map((pin) => [pin.integrity, pin]))
    let bytes = 0
    for await (const path of filesBelow(folder)) {
      if (signal?.aborted) throw new SkyError('cancelled', `Reading ${folder} was cancelled`)
      const integrity = await sha512(path)
      if (!missing.delete(integrity)) continue
      await copyFile(path, `${this.file(integrity)}.part`)
      await rename(`${this.file(integrity)}.part`, this.file(integrity))
      bytes += (await stat(path)).size
      onProgress?.(bytes)
      if (missing.size === 0) break
    }
    return [...missing.values()]
  }

  /**
   * All of them as one tar archive, which takes its name when it is whole. It is a package itself, so that what unpacks packages unpacks it.
   * @throws SkyError `storage_full`, `storage_unwritable`
   */
  async pack(packageJson: string, packages: readonly PinnedPackage[], target: string): Promise<void> {
    const part = `${target}.part`
    const entries = function* (this: PackageFiles): Generator<TarEntry> {
      yield { path: 'llama/package.json', content: Buffer.from(packageJson) }
      for (const { package: name, version, integrity } of unique(packages)) {
        // As `npm pack` names them.
        const path = `llama/${name.replace('@', '').replace('/', '-')}-${version}.tgz`
        yield { path, content: readFileSync(this.file(integrity)) }
      }
    }
    try {
      await pipeline(Readable.from(tarOf(entries.call(this))), createWriteStream(part))
      await rename(part, target)
    } catch (thrown) {
      throw storageError(thrown, target, 'storage_unwritable')
    } finally {
      await rm(part, { force: true }).catch(() => undefined)
    }
  }

  /** Null when it is not here, or damaged. */
  async #bytesOf(integrity: string): Promise<number | null> {
    const file = this.file(integrity)
    const found = await stat(file).catch(() => null)
    return found !== null && (await sha512(file)) === integrity ? found.size : null
  }
}

/** Several folders may hold the same package. */
export function unique(packages: readonly PinnedPackage[]): PinnedPackage[] {
  return [...new Map(packages.map((pin) => [pin.integrity, pin])).values()]
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** As registries write it. */
async function sha512(file: string): Promise<string> {
  const hash = createHash('sha512')
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) hash.update(part)
  return `sha512-${hash.digest('base64')}`
}
