import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SkyError } from '#shared/contract/errors'
import { networkBase } from './testbed-plan'
import { registryFolder } from './tear-down'

/** Which testbed uses which network of this machine, and where its files lie. */
const claim = z.object({ prefix: z.string(), network: z.string(), directory: z.string(), pid: z.int() })
export type Claim = z.infer<typeof claim>

const claimFile = (network: string): string => join(registryFolder, networkBase(network))

/** True while the network namespaces of a testbed are there. */
export const hasSpaces = (prefix: string): boolean => existsSync(`/run/netns/${prefix}-switch`)

export async function claims(): Promise<Claim[]> {
  const names = await readdir(registryFolder).catch(() => [])
  const found = await Promise.all(names.map((name) => readClaim(join(registryFolder, name))))
  return found.filter((each) => each !== null)
}

export async function claimOf(prefix: string): Promise<Claim | null> {
  return (await claims()).find((each) => each.prefix === prefix) ?? null
}

/**
 * Take a network for a testbed; it is released when the testbed is taken away.
 * @returns the claim that stands against it, or null when the network is taken now
 */
export async function claimNetwork(wanted: Omit<Claim, 'pid'>): Promise<Claim | null> {
  const file = claimFile(wanted.network)
  const content = JSON.stringify({ ...wanted, pid: process.pid } satisfies Claim)
  const write = (): Promise<boolean> => writeNew(file, content)
  if (await write()) return null
  const holder = await readClaim(file)
  if (holder && holder.prefix !== wanted.prefix && isHeld(holder)) return holder
  // Left by a process that was killed before it made anything.
  await rm(file, { force: true })
  return (await write()) ? null : await readClaim(file)
}

/** Take the first network of 10.77.1.0/24 to 10.77.254.0/24 that is free; 10.77.0.0/24 stays for whoever asks for none. */
export async function claimFreeNetwork(
  prefix: string,
  directory: string,
  isUsed: (network: string) => boolean,
): Promise<string> {
  for (let third = 1; third < 255; third++) {
    const network = `10.77.${third}.0/24`
    if (!isUsed(network) && (await claimNetwork({ prefix, network, directory })) === null) return network
  }
  throw new SkyError('conflict', 'Every network of 10.77.0.0/16 is in use', 'End other testbeds first.')
}

const isHeld = ({ prefix, pid }: Claim): boolean => hasSpaces(prefix) || existsSync(`/proc/${pid}`)

/** False when the file exists already. */
async function writeNew(file: string, content: string): Promise<boolean> {
  for (;;) {
    try {
      await mkdir(registryFolder, { recursive: true, mode: 0o755 })
      await writeFile(file, content, { flag: 'wx' })
      return true
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException
      if (code === 'EEXIST') return false
      // Another testbed that ended has just removed the folder.
      if (code !== 'ENOENT') throw thrown
    }
  }
}

async function readClaim(file: string): Promise<Claim | null> {
  try {
    return claim.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}
