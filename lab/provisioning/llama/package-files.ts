import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RuntimeArchitecture } from '../runtimes/pinned-runtimes'

/** One file of the package as it is to lie on a host. */
export interface PackedFile {
  /** Within the package, with `/`. */
  readonly path: string
  readonly content: Buffer
  readonly sha256: string
}

/** Where node-llama-cpp looks for the native files of a machine, within the package. */
export function nativeFolder(architecture: RuntimeArchitecture): string {
  return `node_modules/@node-llama-cpp/linux-${architecture}`
}

/** The native file that Node loads. */
export function addonPath(architecture: RuntimeArchitecture): string {
  return `${nativeFolder(architecture)}/bins/linux-${architecture}/llama-addon.node`
}

/**
 * Whether a file or folder is of no use on a host of this architecture: programs of npm, types and source maps, what llama.cpp is compiled
 * from, templates of new projects, and native files of other machines with their empty placeholders. What speeds up copies of files
 * (@reflink) is native too, and only asked for when a model is downloaded, which hosts never do.
 */
function isLeftOut(path: string, architecture: RuntimeArchitecture): boolean {
  return (
    /(^|\/)\.bin$|\/\.package-lock\.json$|\.map$|\.d\.[cm]?ts$/.test(path) ||
    path === 'node_modules/node-llama-cpp/templates' ||
    path === 'node_modules/node-llama-cpp/llama/gitRelease.bundle' ||
    path.startsWith('node_modules/@reflink/reflink-') ||
    (/^node_modules\/@node-llama-cpp\/[^/]+$/.test(path) && path !== nativeFolder(architecture))
  )
}

/** What of the installed package `@skymemory/llama` a host of this architecture needs, in the order of the paths' bytes. */
export async function packageFiles(folder: string, architecture: RuntimeArchitecture): Promise<PackedFile[]> {
  const files: PackedFile[] = []
  const visit = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`
      if (isLeftOut(below, architecture)) continue
      if (entry.isDirectory()) await visit(below)
      if (!entry.isFile()) continue
      const content = await readFile(join(folder, below))
      files.push({ path: below, content, sha256: createHash('sha256').update(content).digest('hex') })
    }
  }
  await visit('node_modules')
  return files.sort((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)))
}

/** SHA-256 over the list of all checksums, as `sha256sum` prints it for paths that begin with `./`: hosts compute the same. */
export function contentDigest(files: readonly PackedFile[]): string {
  const list = files.map(({ path, sha256 }) => `${sha256}  ./${path}\n`).join('')
  return createHash('sha256').update(list).digest('hex')
}
