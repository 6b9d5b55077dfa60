import { Transform, type Readable } from 'node:stream'
import { SkyError } from '#shared/contract/errors'
import type { RegistrySettings } from './registry-settings'

/** A registry that sends nothing for so long is given up, ms. */
const silenceLimitMs = 60_000
const retries = 2
/** What tells an error of the disk from one of the network. */
const diskErrors = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EFBIG', 'ENOENT'])

/** One exact package: its content is pinned, not where it comes from. */
export interface PinnedPackage {
  readonly package: string
  readonly version: string
  /** SHA-512 of the package's file, as registries write it. */
  readonly integrity: string
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes that have come; less than before when a download begins again. */
  readonly onProgress?: (bytes: number) => void
  /** The command whose help says how the file comes here without a registry. */
  readonly otherWay: string
}

/**
 * Download a pinned package from the user's registry.
 * @param write takes the bytes; called again from the first byte on when a download broke off
 * @throws SkyError `unreachable`, `provisioning_failed` when it is not what is pinned, `cancelled`; what `write` throws
 */
export async function downloadPackage(
  pin: PinnedPackage,
  settings: RegistrySettings,
  { signal, onProgress, otherWay }: DownloadOptions,
  write: (bytes: Readable) => Promise<void>,
): Promise<void> {
  const spec = `${pin.package}@${pin.version}`
  let writing: Error | null = null
  try {
    // Only here: it is large, and most starts of the program download nothing.
    const { default: pacote } = await import('pacote')
    await pacote.tarball.stream(
      spec,
      async (tarball) => {
        signal?.throwIfAborted()
        const counted = tarball.pipe(byteCounter(onProgress))
        const stop = (): void => void counted.destroy(new Error('cancelled'))
        tarball.on('error', (error: Error) => counted.destroy(error))
        signal?.addEventListener('abort', stop, { once: true })
        try {
          await write(counted)
        } catch (thrown) {
          if (diskErrors.has((thrown as NodeJS.ErrnoException).code ?? '')) writing = thrown as Error
          throw thrown
        } finally {
          signal?.removeEventListener('abort', stop)
        }
      },
      {
        // Without a `cache` it keeps no copy of what it gets: the runtime is kept by its checksum instead.
        ...settings,
        integrity: pin.integrity,
        fetchRetries: retries,
        timeout: silenceLimitMs,
        ...(signal && { signal }),
      },
    )
  } catch (thrown) {
    if (signal?.aborted) throw new SkyError('cancelled', `The download of ${spec} was cancelled`)
    if (writing) throw writing as Error
    throw downloadError(spec, thrown, otherWay)
  }
}

function byteCounter(onProgress?: (bytes: number) => void): Transform {
  let bytes = 0
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length
      onProgress?.(bytes)
      done(null, part)
    },
  })
}

function downloadError(spec: string, thrown: unknown, otherWay: string): SkyError {
  const { code = '', message } = thrown as NodeJS.ErrnoException
  if (code === 'EINTEGRITY') {
    return new SkyError(
      'provisioning_failed',
      `The package registry sent something else than ${spec}: its SHA-512 is another one`,
      `Ask whoever runs the registry; bring the file from another machine: ${otherWay}`,
    )
  }
  return new SkyError(
    'unreachable',
    `${spec} cannot be downloaded: ${message}`,
    `Check npm's registry setting, or bring the file from a machine with internet: ${otherWay}`,
  )
}
