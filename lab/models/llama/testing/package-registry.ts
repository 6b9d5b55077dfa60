import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { tarOf } from '../../../tar'
import { temporaryFolder } from '../../../testing/folders'
import { notFound, sendTarball, type TarballAnswer } from '../../../testing/tarball-answer'
import { packagesForHosts, parseLock } from '../locked-packages'
import { unique } from '../package-files'

/** A package's file as registries hand it out. */
export interface TestPackage {
  readonly name: string
  readonly version: string
  readonly tarball: Buffer
  readonly integrity: string
}

export function testPackage(
  name: string,
  version = '1.0.0',
  files: Readonly<Record<string, string>> = {},
): TestPackage {
  const all = { 'package.json': JSON.stringify({ name, version }), ...files }
  const entries = Object.entries(all).map(([path, text]) => ({
    path: `package/${path}`,
    content: Buffer.from(text),
  }))
  const tarball = gzipSync(Buffer.concat([...tarOf(entries)]))
  return {
    name,
    version,
    tarball,
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
  }
}

/** A package's place in a lock file, and what npm writes about it there. */
export type TestLock = Readonly<Record<string, readonly [TestPackage, object?]>>

/** A folder with package.json and package-lock.json. */
export function testManifest(lock: TestLock, folder = temporaryFolder()): string {
  const packages = Object.fromEntries(
    Object.entries(lock).map(([path, [{ name, version, integrity }, more]]) => [
      path,
      { ...(path.endsWith(`node_modules/${name}`) ? {} : { name }), version, integrity, ...more },
    ]),
  )
  const text = JSON.stringify({
    lockfileVersion: 3,
    packages: { '': { name: '@skymemory/llama' }, ...packages },
  })
  const sizes = new Map(Object.values(lock).map(([{ integrity, tarball }]) => [integrity, tarball.length]))
  const downloadBytes = unique(packagesForHosts(parseLock(text))).reduce(
    (sum, { integrity }) => sum + (sizes.get(integrity) ?? 0),
    0,
  )
  const skymemory = { downloadBytes, installedBytes: 2 * downloadBytes }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@skymemory/llama', skymemory }))
  writeFileSync(join(folder, 'package-lock.json'), text)
  return folder
}

export interface PackageRegistry {
  readonly url: string
  /** Packages whose files were asked for so far, such as inner@1.0.0. */
  readonly asked: string[]
  answer(name: string, answer: TarballAnswer): void
}

/** A package registry on loopback. */
export async function startPackageRegistry(packages: readonly TestPackage[]): Promise<PackageRegistry> {
  const answers = new Map<string, TarballAnswer>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const [, name = path, version] = /^(.+)\/([^/]+)\.tgz$/.exec(path) ?? []
    const named = packages.filter((each) => each.name === name)
    const wanted = named.find((each) => each.version === version)
    if (wanted !== undefined) {
      asked.push(`${name}@${wanted.version}`)
      return sendTarball(response, wanted.tarball, answers.get(name) ?? 'whole')
    }
    if (named.length === 0 || version !== undefined) return notFound(response)
    const versions = named.map(({ version, integrity }) => {
      const dist = { tarball: `${url}/${name}/${version}.tgz`, integrity }
      return [version, { name, version, dist }] as const
    })
    response.end(JSON.stringify({ name, versions: Object.fromEntries(versions) }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url, asked, answer: (name, answer) => void answers.set(name, answer) }
}
