import { posix } from 'node:path'
import { startLimit } from '#shared/contract/agent-config'
import type { ServiceKind } from '#shared/inventory/inventory'
import type { HostLayout } from '../host-layout'
import { serviceAccount, unitDescription } from './service-names'
import { command, listedPath, singlePath } from './systemd-text'

export interface UnitSubject {
  readonly lab: string
  readonly host: string
  readonly layout: HostLayout
  readonly runsModels: boolean
}

/**
 * Most of a machine's memory that an agent may take: what is left keeps SSH and the system answering while satellites fill up.
 */
const memoryMax = '80%'
/** Threads of an agent: Node's own, with room. */
const tasksMax = 256

/**
 * The same of a host that runs models: a model may fill what the system does not need, and llama.cpp makes up to two threads for each
 * core. The rest is for SSH and the system; a file that is mapped counts too, but its pages are given back.
 */
export const modelMemoryShare = 0.9
const modelTasksMax = 1024
/** Time between a failure and the next start, s. */
const restartDelayS = 1
/** Time in which an agent ends by itself, s. */
const stopLimitS = 10

/** System calls that an agent never needs. What Node's engine may need one day is not forbidden. */
const forbiddenCalls = '~@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap'

/** The unit that keeps an agent running; empty for a service without systemd. */
export function unitText(service: ServiceKind, subject: UnitSubject): string {
  switch (service) {
    case 'system':
      return systemUnit(subject)
    case 'user':
      return userUnit(subject)
    case 'detached':
      return ''
  }
}

/** Runs with the rights of a user of its own, from folders that it cannot write but for its journals and its socket. */
function systemUnit(subject: UnitSubject): string {
  const { lab, layout } = subject
  const account = serviceAccount(lab)
  return unit(subject, 'multi-user.target', [
    `User=${account}`,
    `Group=${account}`,
    'UMask=0027',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'AmbientCapabilities=',
    'ProtectSystem=strict',
    `ReadWritePaths=${[layout.journals, layout.run].map(listedPath).join(' ')}`,
    'ProtectHome=yes',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'RemoveIPC=yes',
    'SystemCallArchitectures=native',
    `SystemCallFilter=${forbiddenCalls}`,
    'SystemCallErrorNumber=EPERM',
  ])
}

/**
 * Runs with the rights of the user who logs in. What needs a name space of file systems is left away: a user's systemd makes one only
 * with unprivileged user name spaces, which Ubuntu 24.04 and others forbid; the service would not start there.
 */
function userUnit(subject: UnitSubject): string {
  return unit(subject, 'default.target', [
    'UMask=0077',
    'NoNewPrivileges=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
  ])
}

function unit(
  { lab, host, layout, runsModels }: UnitSubject,
  wantedBy: string,
  limits: readonly string[],
): string {
  const isSystem = wantedBy === 'multi-user.target'
  return [
    '[Unit]',
    `Description=${unitDescription(lab)}${host}`,
    // The network is a matter of the system's units; a user's have none for it.
    ...(isSystem ? ['Wants=network-online.target', 'After=network-online.target'] : []),
    `StartLimitIntervalSec=${startLimit.windowS}`,
    `StartLimitBurst=${startLimit.starts}`,
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command([layout.node, layout.entry, '--config', layout.config])}`,
    `WorkingDirectory=${singlePath(posix.dirname(layout.current))}`,
    'Restart=on-failure',
    `RestartSec=${restartDelayS}`,
    `TimeoutStopSec=${stopLimitS}`,
    ...(runsModels
      ? [
          `MemoryMax=${100 * modelMemoryShare}%`,
          // A model that needs more ends alone, and the agent says so.
          'OOMPolicy=continue',
          `TasksMax=${modelTasksMax}`,
        ]
      : [`MemoryMax=${memoryMax}`, `TasksMax=${tasksMax}`]),
    'LimitNOFILE=65536',
    ...limits,
    '',
    '[Install]',
    `WantedBy=${wantedBy}`,
    '',
  ].join('\n')
}
