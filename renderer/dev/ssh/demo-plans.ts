import type { HostPlan, PlanStep } from '#shared/contract/provisioning-api'
import type { InventoryHost, ServiceKind } from '#shared/inventory/inventory'

/** What would be deployed. */
export const demoVersion = '0.1.0-7a4e2cc'

/** What is on a made-up host. */
export interface Installed {
  readonly version: string
  readonly previous: string | null
  readonly service: ServiceKind
  readonly running: boolean
}

const mebibyte = 1_048_576

export function serviceOf(host: InventoryHost): ServiceKind {
  if (host.service !== 'auto') return host.service
  return host.role === 'inference' ? 'user' : 'system'
}

export function directoryOf(lab: string, host: InventoryHost): string {
  return serviceOf(host) === 'system'
    ? `/opt/skymemory/${lab}`
    : `/home/${host.user}/.local/share/skymemory/${lab}`
}

export function planFor(lab: string, host: InventoryHost, installed: Installed | null): HostPlan {
  const directory = directoryOf(lab, host)
  const isCurrent = installed?.version === demoVersion
  const isNew = installed === null
  const arm = host.role === 'inference'
  const change = isCurrent ? 'none' : isNew ? 'create' : 'update'
  const onceOnly = isNew ? 'create' : 'none'
  const step = (
    id: string,
    title: string,
    action: PlanStep['action'],
    detail: string,
    mib = 0,
  ): PlanStep => ({ id, title, action, detail, bytes: action === 'none' ? 0 : Math.round(mib * mebibyte) })
  return {
    host: host.name,
    service: serviceOf(host),
    directory,
    installedVersion: installed?.version ?? null,
    previousVersion: installed?.previous ?? null,
    steps: [
      step(
        'account',
        'Account',
        serviceOf(host) === 'system' ? onceOnly : 'none',
        'skymemory, without a login shell',
      ),
      step('folder', 'Folder', onceOnly, directory),
      host.host_node
        ? step('runtime', 'Node runtime', 'none', '/usr/bin/node of the host, 22.11.0')
        : step(
            'runtime',
            'Node runtime',
            onceOnly,
            `${directory}/runtimes/node-22.21.1-linux-${arm ? 'arm64' : 'x64'}`,
            arm ? 46.2 : 48.6,
          ),
      ...(host.role === 'inference' && host.models
        ? [
            step(
              'llama',
              'llama.cpp',
              onceOnly,
              `${directory}/llama/llama-arm64-5c0e3f1a9b7d2468, 26.9 MB unpacked`,
              8.6,
            ),
          ]
        : []),
      step('agent', 'Agent', change, `${directory}/versions/${demoVersion}/skymemory-agent.mjs`, 1.42),
      step(
        'configuration',
        'Configuration',
        change,
        `${directory}/versions/${demoVersion}/config.json`,
        0.002,
      ),
      step(
        'certificates',
        'Certificates',
        isCurrent ? 'none' : 'create',
        `${directory}/tls, valid for 90 days`,
        0.004,
      ),
      step('service', 'Service', onceOnly, serviceDetail(lab, host)),
      step(
        'switch',
        'Switch',
        isCurrent ? 'none' : 'update',
        `${directory}/current -> versions/${demoVersion}`,
      ),
      step('start', 'Start', isCurrent ? 'none' : 'restart', `${host.role} host, until it answers`),
    ],
    error: null,
  }
}

function serviceDetail(lab: string, host: InventoryHost): string {
  switch (serviceOf(host)) {
    case 'system':
      return `/etc/systemd/system/skymemory-${lab}.service`
    case 'user':
      return `/home/${host.user}/.config/systemd/user/skymemory-${lab}.service, with lingering`
    case 'detached':
      return 'a supervised process, without systemd'
  }
}
