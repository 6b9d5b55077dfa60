import type { ConsoleApi } from '#shared/contract/console-api'
import { SkyError } from '#shared/contract/errors'
import type { hostApi } from '#shared/contract/host-api'
import type { inventoryApi } from '#shared/contract/inventory-api'
import type { modelApi } from '#shared/contract/model-api'
import type { provisioningApi } from '#shared/contract/provisioning-api'
import type { Handlers } from '#shared/contract/rpc'
import { parseInventory } from '#shared/inventory/parse-inventory'
import { testbedTemplate } from '#shared/inventory/testbed-template'
import type { Inventory } from '#shared/inventory/inventory'
import type { Emit } from '../demo-client'
import { DemoAccess } from './demo-access'
import { DemoClock } from './demo-clock'
import { DemoInventories, demoSshConfig } from './demo-inventories'
import { DemoPreflight } from './demo-preflight'
import { DemoModels } from './demo-models'
import { demoVersion } from './demo-plans'
import { DemoProvisioning, type Say } from './demo-provisioning'
import { DemoServices } from './demo-services'
import { DemoTerminals } from './demo-terminals'

type Methods =
  | keyof (typeof inventoryApi)['methods']
  | keyof (typeof provisioningApi)['methods']
  | keyof (typeof hostApi)['methods']
  | keyof (typeof modelApi)['methods']

/** Everything that is made up about SSH hosts. */
export class DemoSsh {
  readonly clock: DemoClock
  readonly inventories: DemoInventories
  readonly access: DemoAccess
  readonly preflight: DemoPreflight
  readonly provisioning: DemoProvisioning
  readonly services: DemoServices
  readonly terminals: DemoTerminals
  readonly models: DemoModels
  /** Another console that uses the lab. */
  holder: string | null = null

  constructor(now: () => number, emit: Emit, say: Say) {
    this.clock = new DemoClock(now)
    this.inventories = new DemoInventories(emit)
    this.access = new DemoAccess(this.inventories)
    this.preflight = new DemoPreflight(this.clock, emit, this.inventories, this.access)
    this.provisioning = new DemoProvisioning(this.clock, emit, say, this.inventories, this.access)
    this.services = new DemoServices(this.clock, emit, this.inventories, this.access, this.provisioning)
    this.terminals = new DemoTerminals(emit)
    this.models = new DemoModels(this.clock, emit, this.inventories, this.access)
  }

  /** The paper's testbed, every way of logging in once; nobody has connected to it yet. */
  addTestbed(): Inventory {
    const template = testbedTemplate()
    const gateway = {
      name: 'gateway',
      address: 'gate.lab.example',
      port: 2222,
      user: 'anna',
      authentication: { kind: 'agent' as const },
    }
    const testbed: Inventory = {
      ...template,
      hosts: template.hosts.map((host, i) => {
        const address = `10.20.0.${host.role === 'inference' ? 20 : 11 + i}`
        if (host.name === 'nuc4') return { ...host, address, authentication: { kind: 'password' } }
        if (host.name === 'nuc5')
          return { ...host, address, authentication: { kind: 'key', file: '~/.ssh/lab_ed25519' } }
        if (host.role !== 'inference') return { ...host, address }
        return {
          ...host,
          address,
          user: 'nvidia',
          jump: ['gateway'],
          authentication: { kind: 'keyboard_interactive' },
        }
      }),
      jump_hosts: [gateway],
    }
    this.inventories.save(testbed, null)
    return testbed
  }

  /** @throws SkyError why the console cannot work with the lab's agents */
  requireReady(lab: string): Inventory {
    const inventory = this.inventories.get(lab)
    for (const { name } of inventory.hosts) {
      this.access.connect(lab, name)
      const installed = this.provisioning.installed(lab, name)
      if (installed === null) {
        throw new SkyError(
          'not_installed',
          `No agent is installed on ${name}.`,
          'Apply the plan of this lab first.',
        )
      }
      if (installed.version !== demoVersion) {
        const message = `${name} has the agent ${installed.version}; this console needs ${demoVersion}.`
        throw new SkyError('version_skew', message, 'Apply the plan: it brings the agents to this version.')
      }
    }
    this.requireUnheld(lab)
    return inventory
  }

  /** @throws SkyError `lab_held` */
  requireUnheld(lab: string): void {
    if (this.holder === null) return
    const message = `The lab ${lab} is used by ${this.holder} since 2026-11-25T10:12:44.000Z: it holds nuc1`
    throw new SkyError('lab_held', message, 'Wait until that console is done, or end it there.')
  }
}

const done = null

export function sshHandlers(ssh: DemoSsh): Pick<Handlers<ConsoleApi>, Methods> {
  const { inventories, access, preflight, provisioning, services, terminals, models } = ssh
  return {
    inventories: () => inventories.list(),
    inventory: ({ lab }) => inventories.get(lab),
    saveInventory: ({ inventory, replaces }) => {
      inventories.save(inventory, replaces)
      return done
    },
    deleteInventory: ({ lab }) => {
      inventories.remove(lab)
      access.forgetSecrets(lab, null)
      return done
    },
    parseInventory: ({ yaml }) => {
      const parsed = parseInventory(yaml)
      return parsed.ok
        ? { inventory: parsed.inventory, problems: [] }
        : { inventory: null, problems: parsed.problems }
    },
    inventoryYaml: ({ lab }) => ({ yaml: inventories.yaml(lab), problems: [] }),
    sshConfigHosts: () => demoSshConfig,
    secretStorage: () => access.storage,
    giveSecret: ({ lab, target, secret, values, remember }) => {
      access.give(lab, target, secret, values, remember)
      return done
    },
    forgetSecrets: ({ lab, target }) => {
      access.forgetSecrets(lab, target)
      return done
    },
    hostKeys: ({ lab }) => access.keys(lab),
    acceptHostKey: ({ lab, target, fingerprint }) => {
      access.accept(lab, target, fingerprint)
      return done
    },
    forgetHostKey: ({ lab, target }) => {
      access.forgetKey(lab, target)
      return done
    },
    checkConnection: ({ lab, host }) => {
      const { user } = access.connect(lab, host)
      return { roundTripMs: 0.34, serverVersion: 'OpenSSH_9.2p1 Debian-2+deb12u3', user }
    },
    preflight: ({ lab }, context) => preflight.run(lab, context),
    lastPreflight: ({ lab }) => preflight.last(lab),
    plan: ({ lab, hosts }) => provisioning.plan(lab, hosts),
    apply: ({ lab, hosts }) => provisioning.run(lab, 'apply', hosts),
    rollback: ({ lab, hosts }) => provisioning.run(lab, 'rollback', hosts),
    removeInstallation: ({ lab, hosts }) => provisioning.run(lab, 'remove', hosts),
    cancelProvisioning: ({ lab }) => {
      provisioning.cancel(lab)
      return done
    },
    provisioning: ({ lab }) => provisioning.last(lab),
    sendModel: ({ lab, host, name }) => models.send(lab, host, name),
    hostModels: ({ lab, host }) => models.list(lab, host),
    removeHostModel: ({ lab, host, name }) => models.remove(lab, host, name),
    serviceState: ({ lab, host }) => services.state(lab, host),
    controlService: ({ lab, host, action, force }) => {
      if (!force) ssh.requireUnheld(lab)
      return services.control(lab, host, action)
    },
    readServiceLog: ({ lab, host, lines }) => ({ lines: services.read(lab, host).slice(-lines) }),
    followServiceLog: ({ lab, host }) => {
      services.follow(lab, host)
      return done
    },
    unfollowServiceLog: ({ lab, host }) => {
      services.unfollow(lab, host)
      return done
    },
    openTerminal: ({ lab, host }) => ({
      terminalId: terminals.open(host, access.connect(lab, host).user),
    }),
    terminalInput: ({ terminalId, text }) => {
      terminals.input(terminalId, text)
      return done
    },
    resizeTerminal: ({ terminalId }) => {
      terminals.resize(terminalId)
      return done
    },
    terminalShown: ({ terminalId, bytes }) => {
      terminals.shown(terminalId, bytes)
      return done
    },
    closeTerminal: ({ terminalId }) => {
      terminals.close(terminalId, null, 'closed')
      return done
    },
  }
}
