import { SkyError } from '#shared/contract/errors'
import type { ServiceKind } from '#shared/inventory/inventory'
import { printableLines, quotedLine } from '#shared/text/printable'
import { requireSuccess } from '../apply/script-failure'
import type { HostLayout } from '../host-layout'
import type { HostShell } from '../host-shell'
import { shownLogLine } from '../../local/shown-log-line'
import type { CommandOptions, CommandResult, RemoteProcess } from '../../ssh/ssh-session'
import {
  endingScript,
  followLogScript,
  logScript,
  portHolderScript,
  serviceScript,
  serviceStateScript,
  tryScript,
} from '../remote-scripts/service-scripts'
import { unitName } from './service-names'

/** The service of an agent on one host. */
export interface ServiceSubject {
  readonly lab: string
  readonly service: ServiceKind
  readonly layout: HostLayout
}

/** A supervisor waits 45 s for its agent before it gives up, ms. */
const serviceLimitMs = 90_000

/** Of a log, bytes: thousands of lines. */
const keptLogBytes = 4 * 1024 * 1024

/** Run a script as the owner of an installation: root for a system unit, else the user who logs in. */
export function asOwner(
  shell: HostShell,
  service: ServiceKind,
  script: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<CommandResult> {
  return service === 'system' ? shell.asRoot(script, args, options) : shell.asUser(script, args, options)
}

/** Noted on the host where an agent is stopped: whoever is connected to it then is told. */
export interface StopNote {
  /** Whoever wants it, such as ada@laptop. */
  readonly by: string
  /** Another version or another kind of service takes its place. */
  readonly isUpdate?: boolean
}

/**
 * Start, stop or restart an agent; restarting starts one that does not run.
 * @throws SkyError `provisioning_failed` and those of root's rights
 */
export async function controlService(
  shell: HostShell,
  { lab, service, layout }: ServiceSubject,
  action: 'start' | 'stop' | 'restart',
  note: StopNote | null = null,
): Promise<void> {
  const noted = note?.isUpdate ? 'update' : action
  const args = [service, action, layout.directory, unitName(lab), note?.by ?? '', noted]
  const result = await asOwner(shell, service, serviceScript, args, { limitMs: serviceLimitMs })
  requireSuccess(result, shell.session.host, `to ${action} the agent`)
}

export interface ServiceRunning {
  /** As systemd says: active, activating, failed, inactive ... */
  readonly state: string
  /** Of the agent, of a detached service that of its supervisor; 0 = none. */
  readonly pid: number
}

/** Needs no rights of root. */
export async function serviceRunning(
  shell: HostShell,
  { lab, service, layout }: ServiceSubject,
): Promise<ServiceRunning> {
  const { stdout } = await shell.asUser(serviceStateScript, [service, layout.directory, unitName(lab)])
  const [state = '', pid = ''] = (stdout.trim().split('\n').at(-1) ?? '').split(' ')
  return { state: state === '' ? 'unknown' : state, pid: /^\d+$/.test(pid) ? Number(pid) : 0 }
}

/**
 * How an agent ended; `by` is null where nobody noted who stopped it. One that is restarted or updated comes back by itself; of one that was
 * removed nothing is there any more.
 */
export type AgentEnding =
  | { readonly kind: 'stopped'; readonly by: string | null }
  | { readonly kind: 'removed'; readonly by: string | null }
  | { readonly kind: 'restart' | 'update'; readonly by: string | null }
  | { readonly kind: 'crashed' }

/** @param startedAt of the agent that ended, as its `hello` said: Unix ms by the host's clock */
export async function agentEnding(
  shell: HostShell,
  { lab, service, layout }: ServiceSubject,
  startedAt: number,
): Promise<AgentEnding> {
  const args = [service, layout.directory, unitName(lab), String(Math.floor(startedAt))]
  const { stdout } = await shell.asUser(endingScript, args)
  const [kind, by = ''] = stdout.split('\n')
  switch (kind) {
    case 'stopped':
    case 'removed':
    case 'restart':
    case 'update':
      return { kind, by: quotedLine(by, 200) || null }
    default:
      return { kind: 'crashed' }
  }
}

/** The newest lines of an agent's log, oldest first, as people read them; empty where it cannot be read. */
export async function serviceLog(
  shell: HostShell,
  subject: ServiceSubject,
  lines: number,
): Promise<string[]> {
  return asText(await readable(() => newestLines(shell, subject, lines)))
}

/** The same as the agent wrote them. @throws SkyError of root's rights */
export async function newestLines(
  shell: HostShell,
  { lab, service, layout }: ServiceSubject,
  lines: number,
): Promise<string[]> {
  const args = [service, layout.directory, unitName(lab), String(lines)]
  const options = { keptBytes: keptLogBytes }
  const own = linesOf(await asOwner(shell, service, logScript, args, options))
  if (own.length > 0 || service !== 'user') return own
  // A machine that keeps no journal over reboots has one for all users, which root may read.
  const uid = await userId(shell)
  return readable(async () => linesOf(await shell.asRoot(logScript, [...args, uid], options)))
}

/** The newest lines of an agent's log, and what is added, until the process ends. @throws SkyError of root's rights */
export async function followLines(
  shell: HostShell,
  { lab, service, layout }: ServiceSubject,
  lines: number,
): Promise<RemoteProcess> {
  const args = [service, layout.directory, unitName(lab), String(lines)]
  if (service === 'system') return shell.startAsRoot(followLogScript, args)
  const asOwnUser = (): Promise<RemoteProcess> => shell.startAsUser(followLogScript, args)
  if (service === 'detached') return asOwnUser()
  const own = await shell.asUser(logScript, [service, layout.directory, unitName(lab), '1'])
  if (linesOf(own).length > 0) return asOwnUser()
  // As for `newestLines`. Where root cannot be had, an agent that writes its first line later is still followed.
  const uid = await userId(shell)
  const isReadable = await readable(async () => {
    const { exitCode } = await shell.asRoot(':', [])
    return exitCode === 0 ? ['root'] : []
  })
  return isReadable.length > 0 ? shell.startAsRoot(followLogScript, [...args, uid]) : asOwnUser()
}

async function userId(shell: HostShell): Promise<string> {
  return (await shell.asUser('id -u', [])).stdout.trim()
}

/** The last lines of an agent that is started by hand: what a service says whose log cannot be read. */
export async function triedByHand(
  shell: HostShell,
  { layout }: ServiceSubject,
  lines: number,
): Promise<string[]> {
  const args = [layout.directory, String(lines)]
  return asText(await readable(async () => linesOf(await shell.asUser(tryScript, args))))
}

function asText(lines: readonly string[]): string[] {
  return lines.map((line) => shownLogLine(line).text)
}

function linesOf({ stdout }: CommandResult): string[] {
  return stdout.split(/\r?\n/).filter((line) => line.trim() !== '')
}

async function readable(read: () => Promise<string[]>): Promise<string[]> {
  try {
    return await read()
  } catch (thrown) {
    if (thrown instanceof SkyError && thrown.code === 'connection_lost') throw thrown
    return []
  }
}

/** Who listens on a TCP port of the host, in words; null = nobody. */
export async function portHolder(
  shell: HostShell,
  service: ServiceKind,
  port: number,
): Promise<string | null> {
  const digits = port.toString(16).toUpperCase().padStart(4, '0')
  const { stdout } = await asOwner(shell, service, portHolderScript, [digits])
  const [line] = printableLines(stdout)
  const [, pid = '', owner = '', name = ''] = /^(\d+) (\d+) (.*)$/.exec(line ?? '') ?? []
  if (pid === '') return null
  return pid === '0' ? `a process of the user with id ${owner}` : `process ${pid} (${name.trim()})`
}
