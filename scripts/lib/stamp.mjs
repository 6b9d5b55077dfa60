import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { inRoot, root } from './paths.mjs'

/** Tests and type settings do not change what is built. */
const ignored = /(\.test\.(ts|mjs)|^tsconfig.*\.json|\.md|^node_modules)$/

/**
 * One hash over the names and contents of sources, and anything else that decides what is built.
 * @param {readonly string[]} sources files and folders below the checkout; those that do not exist count as empty
 * @param {readonly string[]} [facts]
 */
export async function stampOf(sources, facts = []) {
  const hash = createHash('sha256')
  for (const fact of facts) hash.update(`fact ${fact}\n`)
  for (const file of (await Promise.all(sources.map((source) => filesBelow(inRoot(source))))).flat()) {
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    hash.update(`${relative(root, file)} ${digest}\n`)
  }
  return hash.digest('hex')
}

/**
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesBelow(path) {
  if (!existsSync(path)) return []
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  if (entries === undefined) return [path]
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const wanted = entries.filter((entry) => !ignored.test(entry.name)).map((entry) => join(path, entry.name))
  return (await Promise.all(wanted.map(filesBelow))).flat()
}

/** @param {string} name */
const stampFile = (name) => inRoot('out', '.stamps', name)

/**
 * Do `work` unless it was done for the same stamp and its result is still there.
 * @param {string} name
 * @param {string} stamp
 * @param {string} result a path that exists once the work is done
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether there was something to do
 */
export async function onceFor(name, stamp, result, work) {
  const last = await readFile(stampFile(name), 'utf8').catch(() => '')
  if (last === stamp && existsSync(result)) return false
  await work()
  await mkdir(dirname(stampFile(name)), { recursive: true })
  await writeFile(stampFile(name), stamp)
  return true
}
