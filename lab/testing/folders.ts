import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skymemory-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A disk of its own, so that a test can fill it. */
export interface SmallDisk {
  readonly path: string
  freeBytes(): number
  /** Leave no room for another byte. */
  fill(): void
  /** Remove what filled it. */
  clear(): void
  unmount(): void
}

/** A small tmpfs; null where this user may not mount (then say so and skip). Unmount it before the test ends. */
export function smallDisk(megabytes: number): SmallDisk | null {
  if (process.platform !== 'linux') return null
  const path = mkdtempSync(join(tmpdir(), 'skymemory-disk-'))
  const run = (...command: string[]): boolean =>
    spawnSync(command[0] as string, command.slice(1), { stdio: 'ignore' }).status === 0
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path)) {
    rmSync(path, { recursive: true, force: true })
    return null
  }
  return {
    path,
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(path)
      return bavail * bsize
    },
    fill: () => {
      const file = openSync(join(path, 'ballast'), 'w')
      try {
        for (;;) writeSync(file, Buffer.alloc(4_096))
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown
      } finally {
        closeSync(file)
      }
    },
    clear: () => rmSync(join(path, 'ballast'), { force: true }),
    unmount: () => {
      if (!run('umount', path)) run('umount', '-l', path)
      rmSync(path, { recursive: true, force: true })
    },
  }
}
