import type { ServerResponse } from 'node:http'

/** What a registry of tests answers to the question for a package's file. */
export type TarballAnswer = 'whole' | 'other bytes' | 'cut' | 'missing' | 'silent'

export function sendTarball(response: ServerResponse, tarball: Buffer, answer: TarballAnswer): void {
  switch (answer) {
    case 'whole':
      return void response.end(tarball)
    case 'other bytes':
      return void response.end(Buffer.alloc(tarball.length, 1))
    case 'cut':
      response.setHeader('content-length', tarball.length)
      response.write(tarball.subarray(0, 50))
      setTimeout(() => response.destroy(), 20)
      return
    case 'missing':
      return notFound(response)
    case 'silent':
      response.setHeader('content-length', tarball.length)
      return void response.write(tarball.subarray(0, 50))
  }
}

export function notFound(response: ServerResponse): void {
  response.statusCode = 404
  response.end('{}')
}
