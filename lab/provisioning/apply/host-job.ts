import type { LogLine } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { CommandOptions } from '../../ssh/ssh-session'
import type { LabAuthority } from '../certificates/authority'
import type { HostShell } from '../host-shell'
import type { DeploymentStep, HostDeployment, HostSite } from '../plan/deployment'
import type { RuntimeCache } from '../runtimes/runtime-cache'
import { asOwner, type ServiceSubject } from '../services/service-control'
import { requireSuccess } from './script-failure'

/** The agent's bundle on this machine. */
export interface AgentFile extends LocalProgram {
  readonly version: string
}

export interface LocalProgram {
  readonly file: string
  readonly sha256: string
  readonly bytes: number
}

export interface JobReports {
  readonly onStep: (step: DeploymentStep) => void
  /** Bytes of the present step that are on the host. */
  readonly onBytes: (bytes: number) => void
  readonly onStepDone: (step: DeploymentStep) => void
  readonly log: (level: LogLine['level'], text: string) => void
}

/** One host to work on. */
export interface SiteJob {
  readonly lab: string
  readonly site: HostSite
  readonly shell: HostShell
  readonly reports: JobReports
  readonly signal: AbortSignal
  /** Who has this done, such as ada@laptop. */
  readonly by: string
}

/** One host to deploy on, and with what. */
export interface HostJob extends SiteJob {
  readonly site: HostDeployment
  readonly agent: AgentFile
  /** What runs models, beside it; null where no host of the lab does. */
  readonly model: LocalProgram | null
  readonly authority: () => Promise<LabAuthority>
  readonly runtimes: RuntimeCache
}

export function subjectOf({ lab, site }: SiteJob): ServiceSubject {
  const { service, layout } = site
  return { lab, service, layout }
}

/**
 * Run a script as the installation's owner.
 * @param what it does, for messages: "to unpack the runtime"
 * @throws SkyError when it fails
 */
export async function runAsOwner(
  { shell, site, signal }: SiteJob,
  what: string,
  script: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<void> {
  const result = await asOwner(shell, site.service, script, args, { signal, ...options })
  requireSuccess(result, shell.session.host, what)
}

export function requireNotCancelled(signal: AbortSignal, host: string): void {
  if (!signal.aborted) return
  throw new SkyError(
    'cancelled',
    `The work on ${host} was cancelled`,
    'Apply again: it goes on where it was.',
    { host },
  )
}
