import { SkyError } from '#shared/contract/errors'
import { hostLayout } from '../host-layout'
import { isChange, type DeploymentStep } from '../plan/deployment'
import { controlService } from '../services/service-control'
import { takeAway } from '../remove/take-away'
import { requireNotCancelled, type HostJob } from './host-job'
import {
  bringAgent,
  bringCertificate,
  bringLlama,
  bringRuntime,
  enableLingering,
  makeFolders,
  makeVersion,
  setUpUnit,
  tidy,
} from './put-in-place'
import { noteInstalled, startVersion, type Target } from './start-version'

/**
 * Carry out the steps of a plan. Everything is put in place beside what runs; then the version is switched, and what ran before
 * comes back if the new one does not answer.
 * @throws SkyError of the step that failed
 */
export async function deployHost(job: HostJob, now: () => number): Promise<void> {
  const { site, reports, signal } = job
  let identity = site.place.identity
  let stopped = false
  for (const step of site.steps.filter(isChange)) {
    if (!stopped) requireNotCancelled(signal, site.host.name)
    reports.onStep(step)
    reports.log('info', describe(step))
    switch (step.id) {
      case 'account':
      case 'folders':
        await makeFolders(job)
        break
      case 'runtime':
        await bringRuntime(job)
        break
      case 'llama':
        await bringLlama(job)
        break
      case 'agent':
        await bringAgent(job)
        break
      case 'version':
        await makeVersion(job)
        break
      case 'certificate':
        identity = await bringCertificate(job)
        break
      case 'unit':
        await setUpUnit(job, site.version)
        break
      case 'lingering':
        await enableLingering(job)
        break
      case 'replaced':
        stopped = true
        await forReplaced(job, 'stop')
        break
      case 'service':
        stopped = true
        await startService(job, identity, now)
        break
      case 'old':
        await tidy(job, identity ?? '')
        break
    }
    reports.onStepDone(step)
  }
}

async function startService(job: HostJob, identity: string | null, now: () => number): Promise<void> {
  const { site, lab } = job
  const { version, previousVersion, installed, place, replaced, facts, service } = site
  if (identity === null) throw new SkyError('internal', `${site.host.name} has no certificate`)
  const target: Target = { version, identity }
  const isThere =
    installed !== null &&
    place.versions.has(installed.version) &&
    place.identities.includes(installed.certificate)
  const before = isThere ? { version: installed.version, identity: installed.certificate } : null
  const hello = await startVersion(job, target, before, () => forReplaced(job, 'start'))
  await noteInstalled(job, target, previousVersion, hello, now())
  for (const kind of replaced) {
    const layout = hostLayout(kind, lab, facts.home)
    const keepFiles = layout.directory === hostLayout(service, lab, facts.home).directory
    await takeAway({ lab, service: kind, layout, facts, shell: job.shell, keepFiles, removedBy: null })
  }
}

async function forReplaced({ site, lab, shell, by }: HostJob, action: 'start' | 'stop'): Promise<void> {
  for (const service of site.replaced) {
    const layout = hostLayout(service, lab, site.facts.home)
    await controlService(shell, { lab, service, layout }, action, { by, isUpdate: true })
  }
}

const verbs = {
  create: 'make',
  update: 'renew',
  delete: 'take away',
  restart: 'restart',
  none: 'leave',
} as const

function describe({ title, action, detail }: DeploymentStep): string {
  return `${verbs[action]} ${title.toLowerCase()}${detail === '' ? '' : `: ${detail}`}`
}
