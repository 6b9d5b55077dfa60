import type { ServiceKind } from '#shared/inventory/inventory'
import type { HostUnderCheck } from './check'

/** Members may use sudo on Debian, Ubuntu and others; for anybody else a password that sudo asks for will hardly help. */
const administrators = ['sudo', 'wheel', 'admin', 'root']

/** Root's rights of the user: without a question, after a password, or not at all as far as can be seen. */
export function rootRights({ probe }: HostUnderCheck): 'root' | 'free' | 'password' | 'unlikely' | 'none' {
  const found = probe.one('sudo')
  if (found === 'root' || found === 'free') return found
  if (found !== 'password') return 'none'
  const groups = probe.one('groups').split(' ')
  return administrators.some((group) => groups.includes(group)) ? 'password' : 'unlikely'
}

export const hasSystemd = ({ probe }: HostUnderCheck): boolean => probe.has('systemd')

/** Services of the user may go on without a login, or that can be switched on. */
export function canLinger(subject: HostUnderCheck): boolean {
  const { probe } = subject
  if (!probe.has('user_manager')) return false
  return probe.has('linger') || probe.has('polkit') || ['root', 'free'].includes(rootRights(subject))
}

/** How the agent will be kept running, as far as can be told before a password was tried. */
export function expectedService(subject: HostUnderCheck): ServiceKind {
  const { service } = subject.host
  if (service !== 'auto') return service
  if (!hasSystemd(subject)) return 'detached'
  if (['root', 'free', 'password'].includes(rootRights(subject))) return 'system'
  return canLinger(subject) ? 'user' : 'detached'
}
