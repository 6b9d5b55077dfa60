import { SkyError } from '#shared/contract/errors'
import type { SiteJob } from './host-job'
import { setUpUnit } from './put-in-place'
import { noteInstalled, startVersion } from './start-version'

/**
 * Go back to the version that was installed before; doing it twice leads back again.
 * @throws SkyError `not_installed`, `not_found` when there is no version before, and as `startVersion`
 */
export async function rollBackHost(job: SiteJob, now: () => number): Promise<void> {
  const { lab, site } = job
  const { host, installed, place } = site
  if (!installed) {
    throw new SkyError(
      'not_installed',
      `Nothing of the lab ${lab} is installed on ${host.name}`,
      `Install it: skymemory lab apply ${lab}`,
    )
  }
  const previous = installed.previousVersion
  if (previous === null || !place.versions.has(previous)) {
    throw new SkyError(
      'not_found',
      `${host.name} has no version before ${installed.version}`,
      'Apply what you want instead.',
    )
  }
  const identity = place.identity ?? installed.certificate
  await setUpUnit(job, previous)
  const hello = await startVersion(
    job,
    { version: previous, identity },
    { version: installed.version, identity: installed.certificate },
    () => Promise.resolve(),
  )
  await noteInstalled(job, { version: previous, identity }, installed.version, hello, now())
}
