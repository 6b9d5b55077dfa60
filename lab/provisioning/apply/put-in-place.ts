import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import {
  certificateScript,
  lingerScript,
  prepareScript,
  runtimeScript,
  tidyScript,
  unitScript,
  versionScript,
} from '../remote-scripts/install-scripts'
import { runtimeName } from '../runtimes/pinned-runtimes'
import { accountComment, serviceAccount, unitFile, unitName } from '../services/service-names'
import { requireSuccess } from './script-failure'
import { runAsOwner, type HostJob, type SiteJob } from './host-job'

/** Unpacking a runtime on a slow memory card, ms. */
const unpackLimitMs = 600_000

/** The steps that put files in place beside what runs; none of them disturbs it. */

/** Folders, and the account of a system unit. */
export async function makeFolders(job: HostJob): Promise<void> {
  const { lab, site } = job
  const { facts, layout } = site
  const args = [layout.directory, String(facts.uid), String(facts.gid), accountOf(job), accountComment(lab)]
  await runAsOwner(job, 'to make folders', prepareScript, args)
}

export async function bringRuntime(job: HostJob): Promise<void> {
  const { site, runtimes, shell, reports, signal } = job
  const { runtime, layout } = site
  if (runtime.kind === 'host') return
  const { architecture } = runtime.pin
  const state = await runtimes.look(architecture)
  if (state.kind !== 'present')
    reports.log('info', `${runtime.pin.package}@${runtime.pin.version} is downloaded first`)
  const cached = await runtimes.fetch(architecture, { signal })
  const name = runtimeName(cached.pin)
  const target = posix.join(layout.staging, `${name}-${cached.sha256.slice(0, 12)}.tgz`)
  const source = { kind: 'file', file: cached.file, bytes: cached.bytes, sha256: cached.sha256 } as const
  await shell.session.upload(source, target, { mode: 0o600, signal, onProgress: reports.onBytes })
  const args = [layout.directory, name, target, cached.pin.program, cached.pin.programSha256]
  await runAsOwner(job, 'to unpack the runtime', runtimeScript, args, { limitMs: unpackLimitMs })
}

function stagedAgent({ site, agent }: HostJob): string {
  return posix.join(site.layout.staging, `agent-${agent.sha256.slice(0, 12)}.mjs`)
}

export async function bringAgent(job: HostJob): Promise<void> {
  const { agent, shell, reports, signal } = job
  const source = { kind: 'file', file: agent.file, bytes: agent.bytes, sha256: agent.sha256 } as const
  await shell.session.upload(source, stagedAgent(job), { mode: 0o600, signal, onProgress: reports.onBytes })
}

export async function makeVersion(job: HostJob): Promise<void> {
  const { version, content, layout, agentFrom } = job.site
  const source =
    agentFrom === null ? stagedAgent(job) : posix.join(layout.versions, agentFrom, 'skymemory-agent.mjs')
  const args = [
    layout.directory,
    version,
    source,
    content.agentSha256,
    content.node,
    content.config,
    content.unit,
  ]
  await runAsOwner(job, 'to make the version', versionScript, args)
}

/** @returns the name of the new certificate's folder */
export async function bringCertificate(job: HostJob): Promise<string> {
  const { site, authority } = job
  const { host, layout } = site
  const issuer = await authority()
  const { certificate, key } = await issuer.issue(host.name)
  const id = createHash('sha256').update(certificate).digest('hex').slice(0, 16)
  const args = [layout.directory, id, issuer.certificate, certificate, accountOf(job)]
  await runAsOwner(job, 'to write the certificate', certificateScript, args, { stdin: key })
  return id
}

/** The unit of a version becomes the one that systemd knows. */
export async function setUpUnit(job: SiteJob, version: string): Promise<void> {
  const { lab, site } = job
  const { service, layout, facts } = site
  const file = unitFile(service, lab, facts.home)
  if (file === null) return
  const args = [layout.directory, version, file, unitName(lab), service]
  await runAsOwner(job, 'to set up the unit', unitScript, args)
}

/** Users may switch lingering on for themselves where polkit runs; root may everywhere. */
export async function enableLingering({ site, shell, signal }: HostJob): Promise<void> {
  const { layout, facts } = site
  const args = [layout.directory, facts.user]
  const byRoot = facts.root === 'root' || facts.root === 'free'
  const result = byRoot
    ? await shell.asRoot(lingerScript, args, { signal })
    : await shell.asUser(lingerScript, args, { signal })
  requireSuccess(result, shell.session.host, 'to let services run without a login')
}

/** Only what is old is cleared away: a failure here is told, and hurts nobody. */
export async function tidy(job: HostJob, identity: string): Promise<void> {
  const { layout, version, previousVersion } = job.site
  const kept = [version, ...(previousVersion === null ? [] : [previousVersion])]
  try {
    await runAsOwner(job, 'to clear away what is old', tidyScript, [layout.directory, identity, ...kept])
  } catch (thrown) {
    if (!(thrown instanceof SkyError) || thrown.code === 'connection_lost') throw thrown
    job.reports.log('warn', thrown.message)
  }
}

function accountOf({ lab, site }: HostJob): string {
  return site.service === 'system' ? serviceAccount(lab) : ''
}
