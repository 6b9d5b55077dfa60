import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import {
  certificateScript,
  lingerScript,
  llamaScript,
  prepareScript,
  runtimeScript,
  tidyScript,
  unitScript,
  versionScript,
} from '../remote-scripts/install-scripts'
import { runtimeName } from '../runtimes/pinned-runtimes'
import { accountComment, serviceAccount, unitFile, unitName } from '../services/service-names'
import { requireSuccess } from './script-failure'
import { runAsOwner, type HostJob, type LocalProgram, type SiteJob } from './host-job'

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

/** The package that runs models; that it starts there is tried before it is put in place. */
export async function bringLlama(job: HostJob): Promise<void> {
  const { site, shell, reports, signal } = job
  const { llama, layout, content } = site
  if (llama === null) return
  const target = posix.join(layout.staging, `${llama.name}-${llama.sha256.slice(0, 12)}.tgz`)
  const source = { kind: 'file', file: llama.file, bytes: llama.bytes, sha256: llama.sha256 } as const
  await shell.session.upload(source, target, { mode: 0o600, signal, onProgress: reports.onBytes })
  // A version's link to its Node is relative to its folder.
  const node = posix.resolve(layout.versions, 'any', content.node)
  const args = [layout.directory, llama.name, target, llama.contentSha256, llama.addon, node]
  await runAsOwner(job, 'to unpack llama.cpp', llamaScript, args, { limitMs: unpackLimitMs })
}

function staged({ site }: HostJob, name: string, { sha256 }: LocalProgram): string {
  return posix.join(site.layout.staging, `${name}-${sha256.slice(0, 12)}.mjs`)
}

/** The agent, and what runs models where there is any. */
export async function bringAgent(job: HostJob): Promise<void> {
  const { agent, model, site, shell, reports, signal } = job
  const send = async (name: string, program: LocalProgram, before: number): Promise<void> => {
    const { file, bytes, sha256 } = program
    const onProgress = (sent: number): void => reports.onBytes(before + sent)
    const options = { mode: 0o600, signal, onProgress }
    await shell.session.upload({ kind: 'file', file, bytes, sha256 }, staged(job, name, program), options)
  }
  await send('agent', agent, 0)
  if (site.content.models !== null && model !== null) await send('model', model, agent.bytes)
}

export async function makeVersion(job: HostJob): Promise<void> {
  const { version, content, layout, agentFrom } = job.site
  const source = (name: string, program: LocalProgram): string =>
    agentFrom === null
      ? staged(job, name, program)
      : posix.join(layout.versions, agentFrom, `skymemory-${name}.mjs`)
  const { models } = content
  const args = [
    layout.directory,
    version,
    source('agent', job.agent),
    content.agentSha256,
    content.node,
    content.config,
    content.unit,
    ...(models === null || job.model === null
      ? ['', '', '']
      : [source('model', job.model), models.sha256, models.llama]),
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
