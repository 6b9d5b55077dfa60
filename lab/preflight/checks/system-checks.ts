import { glibcProblem, leastGlibc } from '#shared/gguf/model-fit'
import { isOlder, ok, skipped, verdict, type CheckOf, type HostUnderCheck } from './check'

/** What the official builds of Node 22 need (BUILDING.md of Node). */
const oldestKernel = '4.18'
const oldestGlibc = '2.28'
/** The oldest Node that runs agents, where a host brings its own. */
const oldestNode = '20.18'

export const systemCheck: CheckOf = {
  id: 'system',
  title: 'Operating system',
  judge: ({ probe }) => {
    const name = osName(probe.lines('os'))
    const kernel = probe.one('kernel')
    const found = [name, kernel].filter(Boolean).join(', ')
    const needed = `Linux ${oldestKernel} or newer`
    const [, version] = /^Linux (\d+\.\d+)/.exec(kernel) ?? []
    if (version === undefined)
      return verdict('failed', found, needed, 'Agents run on Linux only: use another machine.')
    if (isOlder(version, oldestKernel))
      return verdict('failed', found, needed, 'Update the system: Debian 10, Ubuntu 20.04 or newer.')
    return ok(found, needed)
  },
}

export const architectureCheck: CheckOf = {
  id: 'architecture',
  title: 'Architecture',
  judge: ({ probe }) => {
    const found = probe.one('machine')
    const needed = 'x86_64 or aarch64'
    if (['x86_64', 'aarch64'].includes(found)) return ok(found, needed)
    return verdict(
      'failed',
      found,
      needed,
      'There is no Node runtime for this machine: use a 64-bit x86 or ARM system.',
    )
  },
}

export const libraryCheck: CheckOf = {
  id: 'glibc',
  title: 'C library',
  judge: ({ host, probe }) => {
    const [, version] = /^glibc (\d+\.\d+)/.exec(probe.one('glibc')) ?? []
    const found = version === undefined ? 'not glibc' : `glibc ${version}`
    if (host.host_node) return ok(found, 'any, with the host’s own Node')
    const needed = `glibc ${oldestGlibc} or newer`
    if (version !== undefined && !isOlder(version, oldestGlibc)) return ok(found, needed)
    const advice = `Update the system (Debian 10, Ubuntu 20.04, JetPack 5 or newer), or install Node ${oldestNode} or newer there and say "host_node: true".`
    return verdict('failed', found, needed, advice)
  },
}

/** What llama.cpp's binaries need, on a host that is to run models. */
export const modelsCheck: CheckOf = {
  id: 'models',
  title: 'Models',
  judge: ({ host, probe }) => {
    if (host.role !== 'inference') return skipped('run on the inference host')
    if (!host.models) return skipped('none are run: the inventory does not say "models: true"')
    const [, version] = /^glibc (\d+\.\d+)/.exec(probe.one('glibc')) ?? []
    const problem = glibcProblem(version ?? null)
    const found = version === undefined ? 'not glibc' : `glibc ${version}`
    const needed = `glibc ${leastGlibc.join('.')} or newer, for llama.cpp`
    if (problem === null) return ok(found, needed)
    return verdict('failed', found, needed, `${problem.hint} Or say "models: false" for this host.`)
  },
}

export const nodeCheck: CheckOf = {
  id: 'node',
  title: 'Node of the host',
  judge: ({ host, probe }) => {
    const found = probe.lines('node').join(' ')
    if (!host.host_node)
      return skipped(found === '' ? 'none; a runtime is brought' : `${found}; a runtime is brought`)
    const needed = `Node ${oldestNode} or newer`
    const [, version] = /^v(\d+\.\d+\.\d+) /.exec(found) ?? []
    if (version !== undefined && !isOlder(version, oldestNode)) return ok(found, needed)
    return verdict(
      'warning',
      found || 'none',
      needed,
      'Install it, or leave out "host_node": a runtime is brought then.',
    )
  },
}

export const toolsCheck: CheckOf = {
  id: 'tools',
  title: 'Programs',
  judge: ({ probe }) => {
    const missing = probe.lines('tools')
    const needed = 'tar, gzip, sha256sum, base64, stat, flock, mv, ln, find, sort, xargs'
    if (missing.length === 0) return ok('all', needed)
    const advice = 'Install them: apt-get install coreutils findutils tar gzip util-linux'
    return verdict('failed', `missing: ${missing.join(', ')}`, needed, advice)
  },
}

function osName(lines: HostUnderCheck['probe'] extends { lines(part: string): infer L } ? L : never): string {
  const value = (key: string): string =>
    (lines.find((line) => line.startsWith(`${key}=`)) ?? '')
      .slice(key.length + 1)
      .replaceAll(/^["']|["']$/g, '')
  return value('PRETTY_NAME') || [value('NAME'), value('VERSION_ID')].filter(Boolean).join(' ')
}
