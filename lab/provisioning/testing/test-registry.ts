import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { sendTarball, type TarballAnswer } from '../../testing/tarball-answer'
import type { PinnedRuntime, RuntimeArchitecture } from '../runtimes/pinned-runtimes'

export interface TestRegistry {
  readonly url: string
  readonly pin: PinnedRuntime
  /** File of the package. */
  readonly file: string
  answer: TarballAnswer
  /** Questions for the package's file so far. */
  readonly asked: () => number
}

/** A package like those of the runtimes, whose program is a shell script that behaves as Node does for `--version`. */
export function packRuntime(
  architecture: RuntimeArchitecture,
  program: string | Uint8Array,
): { pin: PinnedRuntime; file: string } {
  const folder = temporaryFolder()
  const name = `node-linux-${architecture}`
  mkdirSync(join(folder, 'package', 'bin'), { recursive: true })
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify({ name, version: '22.0.1' }))
  writeFileSync(join(folder, 'package', 'bin', 'node'), program)
  chmodSync(join(folder, 'package', 'bin', 'node'), 0o755)
  const file = join(folder, `${name}.tgz`)
  // The same bytes whenever it is made.
  const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  execFileSync('tar', [...plain, '-I', 'gzip -n', '-cf', file, '-C', folder, 'package'])
  const bytes = readFileSync(file)
  const pin: PinnedRuntime = {
    architecture,
    version: '22.0.1',
    package: name,
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    bytes: bytes.length,
    program: 'package/bin/node',
    programSha256: createHash('sha256').update(program).digest('hex'),
    programBytes: Buffer.from(program).length,
  }
  return { pin, file }
}

/** A package registry on loopback that has one package. */
export async function startRegistry(program = '#!/bin/sh\necho v22.0.1\n'): Promise<TestRegistry> {
  const { pin, file } = packRuntime('x64', program)
  const bytes = readFileSync(file)
  let asked = 0
  const state = { answer: 'whole' as TarballAnswer }
  const server = createServer((request, response) => {
    if (request.url === `/${pin.package}`) {
      const tarball = `${url}/file.tgz`
      const versions = {
        [pin.version]: {
          name: pin.package,
          version: pin.version,
          dist: { tarball, integrity: pin.integrity },
        },
      }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ name: pin.package, 'dist-tags': { latest: pin.version }, versions }))
      return
    }
    asked++
    sendTarball(response, bytes, state.answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url,
    pin,
    file,
    asked: () => asked,
    get answer() {
      return state.answer
    },
    set answer(answer) {
      state.answer = answer
    },
  }
}
