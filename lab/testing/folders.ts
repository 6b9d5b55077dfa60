import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skymemory-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A disk of its own, so that a test can fill it or make it read-only. */
export interface SmallDisk {
  readonly path: string
  freeBytes(): number
  resize(megabytes: number): void
  setReadOnly(readOnly: boolean): void
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
  const remount = (option: string): void => {
    if (!run('mount', '-o', `remount,${option}`, path))
      throw new Error(`cannot remount ${path} with ${option}`)
  }
  return {
    path,
    freeBytes: () => {
      const { bavail, bsize } = statfsSync(path)
      return bavail * bsize
    },
    resize: (size) => remount(`size=${size}m`),
    setReadOnly: (readOnly) => remount(readOnly ? 'ro' : 'rw'),
    unmount: () => {
      if (!run('umount', path)) run('umount', '-l', path)
      rmSync(path, { recursive: true, force: true })
    },
  }
}
