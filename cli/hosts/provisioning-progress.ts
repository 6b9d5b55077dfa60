import { MultiBar } from 'cli-progress'
import type { HostProgress, ProvisioningState } from '#shared/contract/provisioning-api'
import type { Terminal } from '../output/terminal'

export interface ProvisioningProgress {
  show(state: ProvisioningState): void
  stop(): void
}

/** A bar a host and one for all on a terminal; elsewhere a line for every step. */
export function progressOf(terminal: Terminal): ProvisioningProgress {
  return terminal.isInteractive ? bars() : lines(terminal)
}

const fraction = ({ stepsDone, steps, bytesDone, bytes }: HostProgress): number =>
  bytes > 0 ? (bytesDone / bytes + stepsDone / Math.max(1, steps)) / 2 : stepsDone / Math.max(1, steps)

function bars(): ProvisioningProgress {
  const multi = new MultiBar({
    format: '{name} {bar} {percentage}% | {step}',
    hideCursor: true,
    stream: process.stderr,
  })
  const drawn = new Map<string, ReturnType<MultiBar['create']>>()
  const bar = (name: string) => {
    const found = drawn.get(name) ?? multi.create(100, 0, { name: name.padEnd(12), step: '' })
    drawn.set(name, found)
    return found
  }
  return {
    show: ({ hosts }) => {
      for (const host of hosts) {
        const share = host.state === 'done' ? 1 : fraction(host)
        bar(host.host).update(Math.round(share * 100), {
          step: host.error?.message.slice(0, 60) ?? host.step,
        })
      }
      const all = hosts.reduce((sum, host) => sum + (host.state === 'done' ? 1 : fraction(host)), 0)
      bar('all').update(Math.round((all / Math.max(1, hosts.length)) * 100), { step: '' })
    },
    stop: () => multi.stop(),
  }
}

function lines(terminal: Terminal): ProvisioningProgress {
  const told = new Map<string, string>()
  return {
    show: ({ hosts }) => {
      for (const { host, state, step, stepsDone, steps } of hosts) {
        const text = state === 'waiting' ? '' : `${host}: ${step} (${stepsDone}/${steps})`
        if (text === '' || told.get(host) === text) continue
        told.set(host, text)
        terminal.err(text)
      }
    },
    stop: () => undefined,
  }
}
