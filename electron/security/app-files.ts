import { extname, join, relative, sep } from 'node:path'
import { appOrigin } from './content-policy'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

export interface AppFile {
  readonly path: string
  readonly contentType: string
}

/**
 * The file of `directory` that an app:// address names, or null when it names none: another host, a path that leaves
 * the directory by any spelling, or a kind of file that the window never loads.
 */
export function appFile(directory: string, address: string): AppFile | null {
  let pathname: string
  try {
    const url = new URL(address)
    if (`${url.protocol}//${url.host}` !== appOrigin) return null
    pathname = decodeURIComponent(url.pathname)
  } catch {
    return null
  }
  // Backslashes and NUL never occur in our names; on some systems they end or change a path.
  if (/[\\\0]/.test(pathname)) return null
  const path = join(directory, pathname === '/' ? 'index.html' : pathname)
  const inside = relative(directory, path)
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`)) return null
  const contentType = contentTypes[extname(path)]
  return contentType === undefined ? null : { path, contentType }
}
