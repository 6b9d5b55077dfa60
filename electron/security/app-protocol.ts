import { protocol, type Session } from 'electron'
import { readFile } from 'node:fs/promises'
import { appFile } from './app-files'
import { appScheme, securityHeaders } from './content-policy'

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

/** Answer app:// addresses of this session with the files of `directory`, and with nothing else. */
export function serveAppFiles(session: Session, directory: string): void {
  session.protocol.handle(appScheme, async (request) => {
    const file = request.method === 'GET' ? appFile(directory, request.url) : null
    if (file === null) return refusal()
    try {
      const body = new Uint8Array(await readFile(file.path))
      return new Response(body, { headers: { ...securityHeaders, 'Content-Type': file.contentType } })
    } catch {
      return refusal()
    }
  })
}

function refusal(): Response {
  return new Response('Not found', { status: 404, headers: { ...securityHeaders } })
}
