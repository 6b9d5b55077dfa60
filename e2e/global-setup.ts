import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses'
import { cp, link, mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { appCommand, needsNoSandbox } from '../scripts/lib/app-folder.mjs'
import { build } from '../scripts/lib/build.mjs'
import { setUpElectron } from '../scripts/lib/electron.mjs'
import { packageApp } from '../scripts/lib/package.mjs'
import { inRoot } from '../scripts/lib/paths.mjs'
import { publishBuilds } from './builds'

/** Make the builds under test, as far as they are not there and fresh. */
async function globalSetup(): Promise<void> {
  const electron = await setUpElectron()
  await build()
  const { directory, executable } = await packageApp(electron)
  const args = needsNoSandbox() ? ['--no-sandbox'] : []
  publishBuilds({
    checkout: await appCommand(electron),
    release: { executable, args },
    inspectable: { executable: await inspectableCopy(directory, executable), args },
    releaseDirectory: directory,
  })
}

/** The packaged app again, with its inspector switched on. All files but the program are hard links. */
async function inspectableCopy(directory: string, executable: string): Promise<string> {
  const copy = inRoot('out', 'inspectable')
  await rm(copy, { recursive: true, force: true })
  await linkFolder(directory, copy)
  const program = join(copy, basename(executable))
  await rm(program)
  await cp(executable, program)
  await flipFuses(program, { version: FuseVersion.V1, [FuseV1Options.EnableNodeCliInspectArguments]: true })
  return program
}

async function linkFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await linkFolder(source, target)
    else await link(source, target)
  }
}

export default globalSetup
