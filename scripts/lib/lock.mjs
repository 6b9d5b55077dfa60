import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './say.mjs'

/**
 * Let one process at a time do `work` under this name: two terminals may set up the same checkout at once.
 * A lock whose owner is dead is taken over.
 * @template T
 * @param {string} path a directory that stands for the lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  await mkdir(dirname(path), { recursive: true })
  let told = false
  while (!(await take(path))) {
    if (await isStale(path)) {
      await rm(path, { recursive: true, force: true })
      continue
    }
    if (!told) say(`Waiting for another setup of this checkout (${path}) …`)
    told = true
    await sleep(300)
  }
  try {
    return await work()
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** @param {string} path */
async function take(path) {
  try {
    await mkdir(path)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
  await writeFile(join(path, 'pid'), String(process.pid))
  return true
}

/** @param {string} path */
async function isStale(path) {
  // A lock without a pid has just been made, or its maker died in that moment: give it time before it counts as stale.
  const pid = (await readPid(path)) ?? (await sleep(1000).then(() => readPid(path)))
  if (pid === undefined) return true
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH'
  }
}

/** @param {string} path */
async function readPid(path) {
  try {
    const pid = Number(await readFile(join(path, 'pid'), 'utf8'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
