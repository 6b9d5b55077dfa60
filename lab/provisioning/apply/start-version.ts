import { setTimeout as sleep } from 'node:timers/promises'
import type { Hello } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { Installation } from '../host-layout'
import { installedScript, switchScript } from '../remote-scripts/install-scripts'
import { retireScript } from '../remote-scripts/remove-scripts'
import { unitDescription, unitFile, unitName } from '../services/service-names'
import {
  asOwner,
  controlService,
  portHolder,
  serviceLog,
  serviceRunning,
  triedByHand,
  type StopNote,
} from '../services/service-control'
import { askAgent } from './ask-agent'
import { runAsOwner, subjectOf, type SiteJob } from './host-job'
import { setUpUnit } from './put-in-place'

/** What \`current\` and \`tls\` point to. */
export interface Target {
  readonly version: string
  readonly identity: string
}

/** Time that an agent may take until it answers, ms: it loads a tokenizer from a memory card at worst. */
const healthLimitMs = 30_000
const healthPollMs = 150
/** Lines of an agent's log that are told when it does not start. */
const shownLines = 20

/**
 * Switch to a version and a certificate, restart the agent, and wait until it answers. When it does not, what ran before runs again.
 * From here on nothing is cancelled: it comes to an end by itself.
 * @param before what was well before; null = nothing
 * @param undo beside that, such as the start of a service of another kind
 * @throws SkyError `provisioning_failed` or `port_in_use`, with \`lastLines\` of the agent's log in its details
 */
export async function startVersion(
  given: SiteJob,
  target: Target,
  before: Target | null,
  undo: () => Promise<void>,
): Promise<Hello> {
  const job = { ...given, signal: new AbortController().signal }
  try {
    await pointTo(job, target)
    await controlService(job.shell, subjectOf(job), 'restart', noteOf(job))
    return await healthy(job)
  } catch (thrown) {
    if (thrown instanceof SkyError && thrown.code === 'connection_lost') throw thrown
    const failure = await explain(job, thrown)
    const after = await goBack(job, target, before, undo)
    throw new SkyError(failure.code, failure.message, `${failure.hint} ${after}`.trim(), failure.details)
  }
}

/** A console that uses the lab meanwhile is told that the agent comes back. */
function noteOf({ by }: SiteJob): StopNote {
  return { by, isUpdate: true }
}

function pointTo(job: SiteJob, target: Target | null): Promise<void> {
  const { directory } = job.site.layout
  return runAsOwner(job, 'to switch', switchScript, [
    directory,
    target?.version ?? '',
    target?.identity ?? '',
  ])
}

async function healthy(job: SiteJob): Promise<Hello> {
  const { shell, site } = job
  const { host, layout } = site
  const deadline = performance.now() + healthLimitMs
  for (;;) {
    const answer = await askAgent(shell.session, layout)
    if (answer.hello) {
      if (answer.hello.hostId === host.name) return answer.hello
      throw new SkyError(
        'provisioning_failed',
        `Another agent answers on ${host.name}: ${answer.hello.hostId}`,
      )
    }
    const { state } = await serviceRunning(shell, subjectOf(job))
    if (state === 'failed' || state === 'inactive') {
      throw new SkyError(
        'provisioning_failed',
        `The agent of ${host.name} does not start: its service is ${state}`,
      )
    }
    if (performance.now() > deadline) {
      throw new SkyError(
        'provisioning_failed',
        `The agent of ${host.name} does not answer within ${healthLimitMs / 1000} s: ${answer.why}`,
      )
    }
    await sleep(healthPollMs)
  }
}

/** Why an agent does not start: what it said last, and who has its port. */
async function explain(job: SiteJob, thrown: unknown): Promise<SkyError> {
  const { shell, site } = job
  const { host, service } = site
  const lastLines = await wordsOf(job)
  for (const line of lastLines) job.reports.log('error', line)
  const details = { host: host.name, lastLines }
  const lastWords = lastOwnLine(lastLines, job.lab)
  if (host.role === 'satellite' && lastLines.some((line) => line.includes(`port ${host.data_port}`))) {
    const holder = await portHolder(shell, service, host.data_port).catch(() => null)
    return new SkyError(
      'port_in_use',
      `The agent of ${host.name} does not start: port ${host.data_port} is taken by ${holder ?? 'another program'}`,
      'End that program, or set another data_port for this host.',
      { ...details, port: host.data_port },
    )
  }
  const known = thrown instanceof SkyError ? thrown : null
  const message = known?.message ?? (thrown instanceof Error ? thrown.message : String(thrown))
  const told = lastWords === undefined || message.includes(lastWords) ? '' : `. It said: ${lastWords}`
  return new SkyError(known?.code ?? 'provisioning_failed', `${message}${told}`, known?.hint ?? '', details)
}

/** The newest lines of the log; what an agent says that is started by hand, where its user may not read it. */
async function wordsOf(job: SiteJob): Promise<string[]> {
  const subject = subjectOf(job)
  const lines = await serviceLog(job.shell, subject, shownLines)
  return lines.length > 0 || subject.service !== 'user' ? lines : triedByHand(job.shell, subject, shownLines)
}

/** systemd tells in the same log what becomes of a unit: by its name, older ones by its description. */
function lastOwnLine(lines: readonly string[], lab: string): string | undefined {
  // What stands before was said by the version before.
  const since = lines.slice(lines.findLastIndex((line) => line.startsWith('Stopping ')) + 1)
  const isOfSystemd = (line: string): boolean =>
    line.includes(unitName(lab)) || line.includes(unitDescription(lab))
  return since.findLast((line) => !isOfSystemd(line)) ?? since.at(-1)
}

/** @returns what is the case afterwards, for the hint */
async function goBack(
  job: SiteJob,
  target: Target,
  before: Target | null,
  undo: () => Promise<void>,
): Promise<string> {
  const { host } = job.site
  try {
    if (before === null) {
      await controlService(job.shell, subjectOf(job), 'stop', { by: job.by })
      await retire(job)
      await pointTo(job, null)
      await undo()
      return 'Nothing of it runs there now.'
    }
    if (before.version === target.version && before.identity === target.identity) {
      return `Version ${target.version} is what was there before: there is nothing to go back to.`
    }
    await setUpUnit(job, before.version)
    await pointTo(job, before)
    await controlService(job.shell, subjectOf(job), 'restart', noteOf(job))
    const { version } = await healthy(job)
    await undo()
    job.reports.log('warn', `went back to ${before.version}: agent ${version} runs again`)
    return `Version ${before.version} runs again.`
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    job.reports.log('error', `could not go back: ${reason}`)
    return `${host.name} could not go back to what was there before either: ${reason}`
  }
}

async function retire(job: SiteJob): Promise<void> {
  const { lab, site, shell } = job
  const { service, layout, facts } = site
  const args = [
    service,
    layout.directory,
    unitName(lab),
    unitFile(service, lab, facts.home) ?? '',
    facts.user,
  ]
  await asOwner(shell, service, retireScript, args)
}

/** Note what runs and was well: from now on it is what a failure goes back to. */
export async function noteInstalled(
  job: SiteJob,
  target: Target,
  previousVersion: string | null,
  { version, nodeVersion }: Hello,
  now: number,
): Promise<void> {
  const { lab, site } = job
  const installed: Installation = {
    lab,
    host: site.host.name,
    version: target.version,
    previousVersion,
    agentVersion: version,
    nodeVersion,
    service: site.service,
    certificate: target.identity,
    installedAt: now,
  }
  const args = [site.layout.directory, `${JSON.stringify(installed, null, 2)}\n`]
  await runAsOwner(job, 'to note what is installed', installedScript, args)
}
