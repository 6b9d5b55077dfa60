import type { LogLine } from '#shared/contract/console-api'
import type { HostPlan } from '#shared/contract/provisioning-api'
import type { InventoryHost, ServiceKind } from '#shared/inventory/inventory'
import { serviceKinds } from '#shared/inventory/inventory'
import type { SshConnector, SshSession } from '../ssh/ssh-session'
import { deployHost } from './apply/deploy-host'
import {
  requireNotCancelled,
  type AgentFile,
  type HostJob,
  type LocalProgram,
  type SiteJob,
} from './apply/host-job'
import { makeFolders } from './apply/put-in-place'
import { rollBackHost } from './apply/roll-back-host'
import type { LabAuthority } from './certificates/authority'
import type { ConsoleLock, ConsoleLocks } from './console-lock'
import type { HostFacts } from './facts/host-facts'
import { lookAtHost } from './facts/look-at-host'
import { hostLayout, type HostLayout } from './host-layout'
import { hostShell, type HostShell, type SudoPassword } from './host-shell'
import type { HostReporter } from './lab-progress'
import type { LlamaPackages } from './llama/llama-packages'
import { hostPlanOf, isChange, type HostDeployment, type HostSite, type Wanted } from './plan/deployment'
import { llamaArchitecture } from './plan/model-choice'
import { planHost } from './plan/plan-host'
import { chooseService, presentServices } from './plan/service-choice'
import { takeAway } from './remove/take-away'
import type { RuntimeCache } from './runtimes/runtime-cache'

/** What work on any host of a lab needs. */
export interface LabWork {
  readonly lab: string
  readonly connector: SshConnector
  readonly locks: ConsoleLocks
  readonly sudoPassword: (host: string) => SudoPassword
  readonly wanted: Wanted
  readonly agent: AgentFile
  readonly model: LocalProgram | null
  readonly llama: LlamaPackages
  readonly authority: () => Promise<LabAuthority>
  readonly runtimes: RuntimeCache
  readonly log: (host: string, level: LogLine['level'], text: string) => void
  readonly now: () => number
  readonly signal: AbortSignal
  /** Who has this done, such as ada@laptop. */
  readonly by: string
}

/** Nothing is changed. @throws SkyError why there can be no plan */
export function planOneHost(work: LabWork, host: InventoryHost): Promise<HostPlan> {
  return connected(work, host, async (session) => hostPlanOf(await deploymentOf(work, host, session)))
}

/** @returns what was done, in a word or two */
export function applyOneHost(work: LabWork, host: InventoryHost, reporter: HostReporter): Promise<string> {
  return connected(work, host, async (session) => {
    reporter.doing('look at the host')
    const first = await deploymentOf(work, host, session)
    reporter.planned(first.steps)
    if (!first.steps.some(isChange)) {
      work.log(host.name, 'info', `everything is as it should be: ${first.version}`)
      return 'nothing to do'
    }
    const shell = hostShell(session, first.facts.root, work.sudoPassword(host.name))
    const prepared = await prepare(work, first, shell, reporter)
    const lock = await hold(work, host, first.layout, first.service, shell)
    try {
      // Another console may have been at work until now.
      const deployment = await deploymentOf(work, host, session)
      reporter.planned(deployment.steps)
      await deployHost(jobOf(work, deployment, shell, reporter), work.now)
      work.log(host.name, 'info', `deployed: ${deployment.version}`)
      return prepared || deployment.steps.some(isChange) ? deployment.version : 'nothing to do'
    } finally {
      await lock.release()
    }
  })
}

/** The lock lies in the installation's folder, so that it comes first. */
async function prepare(
  work: LabWork,
  deployment: HostDeployment,
  shell: HostShell,
  reporter: HostReporter,
): Promise<boolean> {
  const steps = deployment.steps.filter(({ id }) => id === 'account' || id === 'folders').filter(isChange)
  const [step] = steps
  if (!step) return false
  requireNotCancelled(work.signal, deployment.host.name)
  reporter.stepBegins(step)
  await makeFolders(jobOf(work, deployment, shell, reporter))
  for (const each of steps) {
    work.log(deployment.host.name, 'info', `made ${each.title.toLowerCase()}: ${each.detail}`)
    reporter.stepDone(each)
  }
  return true
}

export function rollBackOneHost(work: LabWork, host: InventoryHost, reporter: HostReporter): Promise<string> {
  return connected(work, host, async (session) => {
    reporter.doing('look at the host')
    const site = await siteOf(work, host, session)
    const shell = hostShell(session, site.facts.root, work.sudoPassword(host.name))
    const job = siteJobOf(work, site, shell, reporter)
    if (!site.place.exists) return rollBackHost(job, work.now).then(() => '')
    const lock = await hold(work, host, site.layout, site.service, shell)
    try {
      reporter.doing('go back to the version before')
      await rollBackHost(job, work.now)
      const version = site.installed?.previousVersion ?? ''
      work.log(host.name, 'info', `went back to ${version}`)
      return version
    } finally {
      await lock.release()
    }
  })
}

/** @returns whether anything was there */
export function removeFromOneHost(
  work: LabWork,
  host: InventoryHost,
  reporter: HostReporter,
): Promise<boolean> {
  return connected(work, host, async (session) => {
    reporter.doing('look at the host')
    const { facts } = await lookAtHost(session, work.lab, host, work.signal)
    const shell = hostShell(session, facts.root, work.sudoPassword(host.name))
    const services = servicesToRemove(facts)
    for (const service of services) {
      requireNotCancelled(work.signal, host.name)
      reporter.doing(`remove the ${service} service`)
      const layout = hostLayout(service, work.lab, facts.home)
      const exists = service === 'system' ? facts.system.exists : facts.own.exists
      const lock = exists ? await hold(work, host, layout, service, shell) : null
      try {
        // The files of the two services of a user lie in one folder: they go with the last one.
        const keepFiles = service === 'user' && services.includes('detached')
        await takeAway({ lab: work.lab, service, layout, facts, shell, keepFiles, removedBy: work.by })
        work.log(host.name, 'info', `removed the ${service} service and ${layout.directory}`)
      } finally {
        await lock?.release()
      }
    }
    if (services.length === 0) work.log(host.name, 'info', 'nothing of the lab is there')
    return services.length > 0
  })
}

/** Also of what broke off before there was a service. */
function servicesToRemove(facts: HostFacts): ServiceKind[] {
  const present = presentServices(facts)
  return serviceKinds.filter(
    (kind) =>
      present.includes(kind) ||
      (kind === 'detached' && facts.own.exists && !present.includes('user')) ||
      (kind === 'system' && facts.account !== null && facts.account.comment.startsWith('SkyMemory lab ')),
  )
}

async function connected<T>(
  { connector, signal }: LabWork,
  host: InventoryHost,
  work: (session: SshSession) => Promise<T>,
): Promise<T> {
  requireNotCancelled(signal, host.name)
  const session = await connector.connect(host.name, signal)
  try {
    return await work(session)
  } finally {
    session.close()
  }
}

async function deploymentOf(
  work: LabWork,
  host: InventoryHost,
  session: SshSession,
): Promise<HostDeployment> {
  const { facts, answer } = await lookAtHost(session, work.lab, host, work.signal)
  const architecture = llamaArchitecture(host, facts)
  const llama = architecture && (await work.llama.pack(architecture))
  return planHost(host, facts, answer, work.wanted, llama)
}

async function siteOf(work: LabWork, host: InventoryHost, session: SshSession): Promise<HostSite> {
  const { facts } = await lookAtHost(session, work.lab, host, work.signal)
  const service = chooseService(host, facts)
  const place = service === 'system' ? facts.system : facts.own
  return {
    host,
    facts,
    service,
    layout: hostLayout(service, work.lab, facts.home),
    place,
    installed: typeof place.installation === 'object' ? place.installation : null,
  }
}

/** Root can lock every file; who logs in can lock those of an installation of its own. */
function hold(
  { lab, locks }: LabWork,
  host: InventoryHost,
  layout: HostLayout,
  service: ServiceKind,
  shell: HostShell,
): Promise<ConsoleLock> {
  return locks.hold({
    lab,
    host: host.name,
    file: layout.consoleLock,
    start: (script, args) =>
      service === 'system' ? shell.startAsRoot(script, args) : shell.startAsUser(script, args),
  })
}

function siteJobOf(work: LabWork, site: HostSite, shell: HostShell, reporter: HostReporter): SiteJob {
  return {
    lab: work.lab,
    site,
    shell,
    signal: work.signal,
    by: work.by,
    reports: {
      onStep: (step) => reporter.stepBegins(step),
      onBytes: (bytes) => reporter.bytes(bytes),
      onStepDone: (step) => reporter.stepDone(step),
      log: (level, text) => work.log(site.host.name, level, text),
    },
  }
}

function jobOf(work: LabWork, site: HostDeployment, shell: HostShell, reporter: HostReporter): HostJob {
  const { agent, model, authority, runtimes } = work
  return { ...siteJobOf(work, site, shell, reporter), site, agent, model, authority, runtimes }
}
