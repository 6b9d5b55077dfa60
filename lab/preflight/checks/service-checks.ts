import { ok, verdict, type CheckOf } from './check'
import { canLinger, expectedService, hasSystemd, rootRights } from './expected-service'

const sudoTexts = {
  root: 'logged in as root',
  free: 'sudo without password',
  password: 'sudo with password',
  unlikely: 'sudo is there, but the user is in no group of administrators',
  none: 'no sudo',
} as const

export const sudoCheck: CheckOf = {
  id: 'sudo',
  title: 'Administration',
  judge: (subject) => {
    const rights = rootRights(subject)
    const found = sudoTexts[rights]
    const mustHave = subject.host.service === 'system'
    const needed = mustHave
      ? 'sudo, for a system service'
      : 'sudo, for a system service; without it the user’s own'
    if (rights === 'root' || rights === 'free' || rights === 'password') return ok(found, needed)
    const allow =
      'Allow the user to use sudo (adduser USER sudo), or say "service: user" or "service: detached" for this host.'
    if (mustHave) return verdict('failed', found, needed, allow)
    if (!hasSystemd(subject))
      return ok(found, 'nothing: without systemd the agent runs as a process of the user')
    return verdict(
      'warning',
      found,
      needed,
      'The agent will not be a system service. Allow the user to use sudo if it shall be one.',
    )
  },
}

export const serviceCheck: CheckOf = {
  id: 'service',
  title: 'Service',
  judge: (subject) => {
    const { probe, host } = subject
    const kind = expectedService(subject)
    const [, version = ''] = /^systemd (\d+)/.exec(probe.one('systemd')) ?? []
    const state = probe.one('systemd_state')
    const found = hasSystemd(subject)
      ? `systemd ${version}${state && state !== 'running' ? ` (${state})` : ''}; ${userManagerText(subject)}`
      : 'no systemd'
    const needed =
      host.service === 'auto'
        ? 'systemd, so that agents come back after a restart'
        : `for "service: ${host.service}"`
    const choice = { system: 'system unit', user: 'unit of the user', detached: 'supervised process' }[kind]
    const whole = `${found}; will be a ${choice}`
    if (kind !== 'detached' && !hasSystemd(subject)) {
      return verdict(
        'failed',
        whole,
        `systemd, ${needed}`,
        'Say "service: auto" or "service: detached" for this host.',
      )
    }
    if (kind === 'user' && !canLinger(subject)) {
      const advice =
        'Units of the user end with the last login: let an administrator run "loginctl enable-linger USER" once.'
      return verdict('failed', whole, `lingering, ${needed}`, advice)
    }
    if (kind === 'detached' && host.service === 'auto') {
      const advice =
        'It works, but the agent does not come back by itself after a restart of the host; the console starts it again.'
      return verdict('warning', whole, needed, advice)
    }
    return ok(whole, needed)
  },
}

function userManagerText(subject: Parameters<typeof canLinger>[0]): string {
  const { probe } = subject
  if (!probe.has('user_manager')) return 'no units of the user'
  if (probe.has('linger')) return 'units of the user, lingering'
  return canLinger(subject)
    ? 'units of the user, lingering can be switched on'
    : 'units of the user, no lingering'
}

export const portCheck: CheckOf = {
  id: 'port',
  title: 'Data port',
  judge: ({ host, probe, lab }) => {
    if (host.role === 'inference')
      return { status: 'skipped', found: 'an inference host listens to nobody', needed: '', advice: '' }
    const needed = `TCP ${host.data_port} free`
    const holder = portHolder(probe.lines('listening'))
    if (holder === null) return ok('free', needed)
    if (isAgentOf(lab, holder, probe.lines('agents')))
      return ok(`held by this lab’s agent${processText(holder)}`, needed)
    const found = `held by ${holder.command || 'a program'}${processText(holder)} of ${holder.user}`
    return verdict('failed', found, needed, 'End that program, or choose another data_port for this host.')
  },
}

export interface PortHolder {
  readonly user: string
  /** Empty where only root may see it. */
  readonly pid: string
  readonly command: string
}

/** Who listens on the data port: lines of user|process|command. */
export function portHolder(lines: readonly string[]): PortHolder | null {
  const line = lines.find((each) => each.includes('|'))
  if (line === undefined) return null
  const [user = '', pid = '', ...command] = line.split('|')
  return { user, pid, command: command.join('|').trim() }
}

/** True when the holder is an agent of this lab; where its process cannot be seen, when one of this lab runs. */
export function isAgentOf(lab: string, { pid, command }: PortHolder, agents: readonly string[]): boolean {
  const isOurs = (text: string): boolean =>
    text.includes(`/skymemory/${lab}/`) && text.includes('skymemory-agent.mjs')
  if (pid !== '') return isOurs(command) || agents.some((line) => line.startsWith(`${pid} `) && isOurs(line))
  return agents.some(isOurs)
}

const processText = ({ pid }: PortHolder): string => (pid === '' ? '' : `, process ${pid},`)
