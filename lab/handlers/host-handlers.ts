import type { ConsoleApi } from '#shared/contract/console-api'
import type { hostApi } from '#shared/contract/host-api'
import type { Handlers } from '#shared/contract/rpc'
import type { LabAccess } from '../inventory/lab-access'
import type { HostServices } from '../service/host-services'
import type { Terminals } from '../terminal/terminals'

export interface HostHandlerOptions {
  readonly access: LabAccess
  readonly services: HostServices
  readonly terminals: Terminals
}

export function hostHandlers({
  access,
  services,
  terminals,
}: HostHandlerOptions): Pick<Handlers<ConsoleApi>, keyof (typeof hostApi)['methods']> {
  return {
    serviceState: ({ lab, host }) => services.state(lab, host),
    controlService: ({ lab, host, action, force }) => services.control(lab, host, action, force),
    readServiceLog: async ({ lab, host, lines }) => ({ lines: await services.readLog(lab, host, lines) }),
    followServiceLog: async ({ lab, host }) => {
      await services.follow(lab, host)
      return null
    },
    unfollowServiceLog: async ({ lab, host }) => {
      await services.unfollow(lab, host)
      return null
    },
    openTerminal: async ({ lab, host, ...size }) => ({
      terminalId: await terminals.open(access.connector(lab), host, size),
    }),
    terminalInput: ({ terminalId, text }) => {
      terminals.input(terminalId, text)
      return null
    },
    resizeTerminal: ({ terminalId, ...size }) => {
      terminals.resize(terminalId, size)
      return null
    },
    terminalShown: ({ terminalId, bytes }) => {
      terminals.shown(terminalId, bytes)
      return null
    },
    closeTerminal: ({ terminalId }) => {
      terminals.close(terminalId)
      return null
    },
  }
}
