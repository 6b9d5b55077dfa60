import type { Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import { installation, type Installation } from '../host-layout'
import type { RootAccess } from '../host-shell'

/** One version folder, by what lies in it. `-` = it is missing. */
export interface VersionFacts {
  readonly agentSha256: string
  readonly configSha256: string
  readonly unitSha256: string
  /** Of the program that runs models. */
  readonly modelSha256: string
  /** Where its `llama` points to. */
  readonly llama: string
  /** Where its `node` points to. */
  readonly node: string
}

export interface FolderFacts {
  /** Octal, such as 2750. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
}

/** What lies in one of the two places where an installation may be. */
export interface PlaceFacts {
  /** Bytes that may be written there; null = not known. */
  readonly freeBytes: number | null
  /** The user who logs in may write there, or may make it. */
  readonly isWritable: boolean
  readonly exists: boolean
  readonly folders: ReadonlyMap<string, FolderFacts>
  /** `damaged` = install.json is there and is none. */
  readonly installation: Installation | 'damaged' | null
  /** Name of the version that `current` points to, of the folder that `tls` points to. */
  readonly current: string | null
  readonly identity: string | null
  readonly versions: ReadonlyMap<string, VersionFacts>
  /** SHA-256 of the program of each runtime. */
  readonly runtimes: ReadonlyMap<string, string>
  /** SHA-256 over the checksums of the files of each package that runs models. */
  readonly llamaPackages: ReadonlyMap<string, string>
  readonly identities: readonly string[]
  /** PEM. */
  readonly authority: string | null
  readonly certificate: string | null
  readonly key: { readonly mode: string; readonly uid: number; readonly bytes: number } | null
  /** Files and folders of work that broke off. */
  readonly leftovers: readonly string[]
  /** Lingering was switched on for it. */
  readonly enabledLingering: boolean
  /** Process of the supervisor of a detached service. */
  readonly supervisor: number | null
}

export interface UnitFacts {
  readonly sha256: string
  readonly isEnabled: boolean
  /** As systemd says: active, failed, inactive ... */
  readonly state: string
}

/** What a host is and has, as far as deploying is concerned. */
export interface HostFacts {
  readonly home: string
  readonly user: string
  readonly uid: number
  readonly gid: number
  readonly group: string
  readonly groups: readonly string[]
  readonly kernel: string
  readonly machine: string
  /** Such as 2.36; null = another C library. */
  readonly glibc: string | null
  readonly missingTools: readonly string[]
  readonly root: RootAccess
  /** systemd runs this machine. */
  readonly hasSystemd: boolean
  readonly hasUserManager: boolean
  readonly hasPolkit: boolean
  readonly isLingering: boolean
  /** Entry of the account of a system unit in the user database. */
  readonly account: { readonly uid: number; readonly comment: string } | null
  readonly node: { readonly version: string; readonly path: string } | null
  /** Of a system unit, and of the user's own services. */
  readonly system: PlaceFacts
  readonly own: PlaceFacts
  readonly units: { readonly system: UnitFacts | null; readonly user: UnitFacts | null }
}

/** What the agent says that answers on the host, or why none does. */
export type AgentAnswer = { readonly hello: Hello } | { readonly hello: null; readonly why: string }

/**
 * @param output of the facts script
 * @throws SkyError `provisioning_failed` when it is not whole
 */
export function parseFacts(output: string, host: string): HostFacts {
  const start = output.indexOf('\nskymemory-facts\n')
  const lines = new FactLines(start === -1 ? '' : output.slice(start + 1))
  if (lines.one('end') !== 'yes') {
    throw new SkyError(
      'provisioning_failed',
      `${host} did not tell what is needed to plan`,
      'The login shell of the user must be able to run /bin/sh.',
      { host },
    )
  }
  const node = /^(v\S+) (\/.*)$/.exec(lines.one('node') ?? '')
  const [, , accountUid, , comment = ''] = (lines.one('account') ?? '').split(':')
  return {
    home: lines.one('home') ?? '',
    user: lines.one('user') ?? '',
    uid: Number(lines.one('uid')),
    gid: Number(lines.one('gid')),
    group: lines.one('group') ?? '',
    groups: (lines.one('groups') ?? '').split(' ').filter((name) => name !== ''),
    kernel: lines.one('kernel') ?? '',
    machine: lines.one('machine') ?? '',
    glibc: /^glibc (\d+\.\d+)/.exec(lines.one('glibc') ?? '')?.[1] ?? null,
    missingTools: lines.all('missing'),
    root: rootAccess(lines.one('sudo')),
    hasSystemd: lines.one('systemd') !== null,
    hasUserManager: lines.one('usermanager') === 'yes',
    hasPolkit: lines.one('polkit') === 'yes',
    isLingering: lines.one('linger') === 'yes',
    account: accountUid === undefined ? null : { uid: Number(accountUid), comment },
    node: node ? { version: node[1] as string, path: node[2] as string } : null,
    system: placeFacts(lines, 'system'),
    own: placeFacts(lines, 'own'),
    units: { system: unitFacts(lines, 'system'), user: unitFacts(lines, 'user') },
  }
}

function rootAccess(text: string | null): RootAccess {
  return text === 'root' || text === 'free' || text === 'password' ? text : 'none'
}

function placeFacts(lines: FactLines, place: 'system' | 'own'): PlaceFacts {
  const one = (key: string): string | null => lines.one(`${place}.${key}`)
  const records = (key: string): [string, string[]][] =>
    lines.all(`${place}.${key}`).map((line) => {
      const [name = '', ...rest] = line.split(' ')
      return [name, rest]
    })
  const space = /^(\d+) (\d+)$/.exec(one('space') ?? '')
  const key = /^(\d+) (\d+) (\d+)$/.exec(one('key') ?? '')
  return {
    freeBytes: space ? Number(space[1]) * Number(space[2]) : null,
    isWritable: one('writable') === 'yes',
    exists: one('directory') === 'yes',
    folders: new Map(
      records('folder').map(([name, [mode = '', uid, gid]]) => [
        name,
        { mode, uid: Number(uid), gid: Number(gid) },
      ]),
    ),
    installation: installed(decoded(one('installed'))),
    current: lastPart(one('current')),
    identity: lastPart(one('identity')),
    versions: new Map(
      records('version').map(
        ([name, [agent = '-', config = '-', unit = '-', model = '-', llama = '-', ...node]]) => [
          name,
          {
            agentSha256: agent,
            configSha256: config,
            unitSha256: unit,
            modelSha256: model,
            llama,
            node: node.join(' '),
          },
        ],
      ),
    ),
    runtimes: new Map(records('runtime').map(([name, [sha256 = '-']]) => [name, sha256])),
    llamaPackages: new Map(records('llama').map(([name, [sha256 = '-']]) => [name, sha256])),
    identities: lines.all(`${place}.tls`),
    authority: decoded(one('authority')),
    certificate: decoded(one('certificate')),
    key: key ? { mode: key[1] as string, uid: Number(key[2]), bytes: Number(key[3]) } : null,
    leftovers: lines.all(`${place}.leftover`),
    enabledLingering: one('lingering') === 'yes',
    supervisor: one('supervisor') === null ? null : Number(one('supervisor')),
  }
}

function unitFacts(lines: FactLines, kind: 'system' | 'user'): UnitFacts | null {
  const unit = lines.one(`${kind}.unit`)
  if (unit === null) return null
  const [sha256 = '-', enabled = ''] = unit.split(' ')
  return { sha256, isEnabled: enabled === 'enabled', state: lines.one(`${kind}.state`) ?? '' }
}

function installed(text: string | null): PlaceFacts['installation'] {
  if (text === null) return null
  try {
    const parsed = installation.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : 'damaged'
  } catch {
    return 'damaged'
  }
}

function decoded(base64: string | null): string | null {
  return base64 === null || base64 === '' ? null : Buffer.from(base64, 'base64').toString('utf8')
}

function lastPart(path: string | null): string | null {
  return path === null || path === '' ? null : (path.split('/').at(-1) ?? null)
}

/** Lines of a key and a value; keys may come several times. */
class FactLines {
  readonly #values = new Map<string, string[]>()

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const space = line.indexOf(' ')
      if (space === -1) continue
      const key = line.slice(0, space)
      this.#values.set(key, [...(this.#values.get(key) ?? []), line.slice(space + 1)])
    }
  }

  one(key: string): string | null {
    return this.#values.get(key)?.[0] ?? null
  }

  all(key: string): string[] {
    return this.#values.get(key) ?? []
  }
}
