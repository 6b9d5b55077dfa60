import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import SSHConfig, { LineType } from 'ssh-config'
import type { SshConfigHost } from '#shared/contract/inventory-api'
import { SkyError } from '#shared/contract/errors'

/** Files that include each other are read no deeper than OpenSSH does. */
const deepestInclude = 16
/** Longest file that is read, characters. */
const longestFile = 1_000_000

/**
 * The hosts that an OpenSSH client configuration names: those without wildcards, each with the values that OpenSSH would use.
 * `Include` is followed; `Match` sections are left out, because they may depend on programs and on how ssh is called.
 * @param file null = the user's own; missing, it holds no host
 * @throws SkyError `not_found`, `invalid_argument`
 */
export async function sshConfigHosts(file: string | null, home = homedir()): Promise<SshConfigHost[]> {
  const text = await readWithIncludes(file ?? join(home, '.ssh', 'config'), home, file !== null, 0)
  let config: SSHConfig
  try {
    config = SSHConfig.parse(text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('invalid_argument', `The SSH configuration cannot be read: ${reason}`)
  }
  const aliases = new Set<string>()
  for (const line of config) {
    if (line.type !== LineType.DIRECTIVE || line.param.toLowerCase() !== 'host') continue
    for (const alias of wordsOf(line.value)) if (!/[*?!]/.test(alias)) aliases.add(alias)
  }
  return [...aliases].map((alias) => hostOf(alias, config))
}

function hostOf(alias: string, config: SSHConfig): SshConfigHost {
  const values = config.compute(alias, { ignoreCase: true, matchExec: false })
  const one = (key: string): string | null => {
    const value = values[key]
    return (Array.isArray(value) ? value[0] : value) ?? null
  }
  const port = Number(one('port') ?? 22)
  const jump = one('proxyjump')
  return {
    alias,
    address: (one('hostname') ?? alias).replaceAll('%h', alias).replaceAll('%%', '%'),
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : 22,
    user: one('user'),
    keyFile: one('identityfile'),
    jump: jump === null || jump.toLowerCase() === 'none' ? [] : jump.split(',').map((each) => each.trim()),
  }
}

async function readWithIncludes(
  file: string,
  home: string,
  mustExist: boolean,
  depth: number,
): Promise<string> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT' && !mustExist) return ''
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError(
      'not_found',
      `The SSH configuration ${file} cannot be read: ${reason}`,
      'Name another file.',
    )
  })
  if (text.length > longestFile) {
    throw new SkyError(
      'invalid_argument',
      `${file} has ${text.length} characters: too long for an SSH configuration`,
    )
  }
  if (depth >= deepestInclude) return ''
  const lines: string[] = []
  let isConditional = false
  for (const line of text.split(/\r?\n/)) {
    const [, keyword = '', value = ''] = /^\s*(\w+)[\s=]+(.*)$/.exec(line) ?? []
    if (/^(host|match)$/i.test(keyword)) isConditional = keyword.toLowerCase() === 'match'
    if (isConditional) continue
    if (keyword.toLowerCase() !== 'include') {
      lines.push(line)
      continue
    }
    for (const word of value.trim().split(/\s+/)) {
      for (const each of await filesOf(includedFile(word.replaceAll('"', ''), home))) {
        lines.push(await readWithIncludes(each, home, false, depth + 1))
      }
    }
  }
  return lines.join('\n')
}

/** The files that a name with wildcards in its last part means, as in `config.d/*`. */
async function filesOf(path: string): Promise<string[]> {
  if (!/[*?]/.test(basename(path))) return [path]
  const pattern = basename(path)
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const names = await readdir(dirname(path)).catch(() => [])
  const matching = names.filter((name) => !name.startsWith('.') && new RegExp(`^${pattern}$`).test(name))
  return matching.sort().map((name) => join(dirname(path), name))
}

function includedFile(name: string, home: string): string {
  if (name.startsWith('~/')) return join(home, name.slice(2))
  return isAbsolute(name) ? name : join(home, '.ssh', name)
}

type Value = string | { val: string }[]

function wordsOf(value: Value): string[] {
  return typeof value === 'string'
    ? value.split(/\s+/).filter((word) => word !== '')
    : value.map(({ val }) => val)
}
