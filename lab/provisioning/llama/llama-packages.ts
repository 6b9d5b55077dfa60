import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'
import { SkyError } from '#shared/contract/errors'
import { makeDirectory } from '../../make-directory'
import type { RuntimeArchitecture } from '../runtimes/pinned-runtimes'
import { addonPath, contentDigest, nativeFolder, packageFiles } from './package-files'
import { tarOf } from '../../tar'

/** The package that runs real models, packed for the hosts of one architecture. */
export interface PackedLlama {
  /** Of its folder on hosts, such as llama-x64-0123456789abcdef: equal names mean equal content. */
  readonly name: string
  /** SHA-256 over the list of its files' checksums. */
  readonly contentSha256: string
  readonly unpackedBytes: number
  /** Path of llama.cpp's native addon within it: what shows whether it starts on a machine. */
  readonly addon: string
  /** The archive on this machine. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

export interface LlamaPackagesOptions {
  /** Where archives are kept. */
  readonly directory: string
  /** The installed package `@skymemory/llama`; null = it is not installed. Asked for whenever it is packed. */
  readonly packageFolder: () => string | null
}

/**
 * Packs the installed package `@skymemory/llama` for hosts, which need no internet for it. An archive is named by its content and by
 * its own SHA-256, and is made once.
 */
export class LlamaPackages {
  readonly #options: LlamaPackagesOptions
  readonly #packing = new Map<RuntimeArchitecture, Promise<PackedLlama>>()

  constructor(options: LlamaPackagesOptions) {
    this.#options = options
  }

  /**
   * Several callers share one packing.
   * @throws SkyError `not_supported` when the package or its part for this architecture is not installed; `storage_unwritable`
   */
  pack(architecture: RuntimeArchitecture): Promise<PackedLlama> {
    const present = this.#packing.get(architecture)
    if (present) return present
    const packing = this.#pack(architecture).finally(() => this.#packing.delete(architecture))
    this.#packing.set(architecture, packing)
    return packing
  }

  async #pack(architecture: RuntimeArchitecture): Promise<PackedLlama> {
    const files = await packageFiles(this.#installed(architecture), architecture)
    const contentSha256 = contentDigest(files)
    const name = `llama-${architecture}-${contentSha256.slice(0, 16)}`
    const unpackedBytes = files.reduce((sum, { content }) => sum + content.byteLength, 0)
    const common = { name, contentSha256, unpackedBytes, addon: addonPath(architecture) }
    const kept = await this.#kept(name)
    if (kept) return { ...common, ...kept }
    const archive = await buffer(Readable.from(tarOf(files)).pipe(createGzip()))
    return { ...common, ...(await this.#keep(architecture, name, archive)) }
  }

  #installed(architecture: RuntimeArchitecture): string {
    const packageFolder = this.#options.packageFolder()
    if (packageFolder === null) {
      throw new SkyError(
        'not_supported',
        'The package @skymemory/llama, which runs real models, is not installed on this machine',
        'Install it: skymemory model engine install (in the app: page Chat). Or say "models: false" for this host.',
      )
    }
    if (existsSync(join(packageFolder, nativeFolder(architecture), 'package.json'))) return packageFolder
    throw new SkyError(
      'not_supported',
      `The package @skymemory/llama in ${packageFolder} has no llama.cpp for Linux on ${architecture}`,
      // This one brings both: the package for arm64 may be installed on x64. So does `skymemory model engine install` in the data folder.
      `Install it for Linux: npm ci --ignore-scripts --os=linux --cpu=x64 in that folder.`,
    )
  }

  /** An archive of this content whose bytes are what its name says. */
  async #kept(name: string): Promise<Pick<PackedLlama, 'file' | 'bytes' | 'sha256'> | null> {
    for (const entry of await this.#archives(`${name}-`)) {
      const file = join(this.#options.directory, entry)
      const content = await readFile(file)
      const sha256 = createHash('sha256').update(content).digest('hex')
      if (entry === archiveName(name, sha256)) return { file, bytes: content.byteLength, sha256 }
    }
    return null
  }

  /** Archives of other contents for the same machines are of no use any more. */
  async #keep(
    architecture: RuntimeArchitecture,
    name: string,
    archive: Buffer,
  ): Promise<Pick<PackedLlama, 'file' | 'bytes' | 'sha256'>> {
    const { directory } = this.#options
    const sha256 = createHash('sha256').update(archive).digest('hex')
    const file = join(directory, archiveName(name, sha256))
    const temporary = join(directory, `.${process.pid}-${name}`)
    try {
      await makeDirectory(directory)
      await writeFile(temporary, archive)
      await rename(temporary, file)
      for (const old of await this.#archives(`llama-${architecture}-`)) {
        if (old !== archiveName(name, sha256)) await rm(join(directory, old), { force: true })
      }
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => undefined)
      if (thrown instanceof SkyError) throw thrown
      const { code = '', message } = thrown as NodeJS.ErrnoException
      throw new SkyError(
        code === 'ENOSPC' || code === 'EDQUOT' ? 'storage_full' : 'storage_unwritable',
        `The package @skymemory/llama cannot be packed into ${directory}: ${message}`,
        'Free some space there, or make it writable.',
      )
    }
    return { file, bytes: archive.byteLength, sha256 }
  }

  async #archives(prefix: string): Promise<string[]> {
    const { directory } = this.#options
    const names = await readdir(directory).catch(() => [])
    return names.filter((entry) => entry.startsWith(prefix) && entry.endsWith('.tgz'))
  }
}

function archiveName(name: string, sha256: string): string {
  return `${name}-${sha256}.tgz`
}
