import type { HostCheck } from '#shared/contract/provisioning-api'
import type { HostUnderCheck } from './check'
import { jetsonChecks, thermalCheck } from './jetson-checks'
import { portCheck, serviceCheck, sudoCheck } from './service-checks'
import { cpuCheck, diskCheck, homeCheck, memoryCheck } from './size-checks'
import {
  architectureCheck,
  libraryCheck,
  modelsCheck,
  nodeCheck,
  systemCheck,
  toolsCheck,
} from './system-checks'
import { timeServiceCheck } from './time-checks'

/** Everything that is judged from what the probe found, in the order of the table. */
const checks = [
  systemCheck,
  architectureCheck,
  libraryCheck,
  modelsCheck,
  nodeCheck,
  toolsCheck,
  cpuCheck,
  memoryCheck,
  diskCheck,
  homeCheck,
  sudoCheck,
  serviceCheck,
  portCheck,
  timeServiceCheck,
  thermalCheck,
  ...jetsonChecks,
]

export function checkHost(subject: HostUnderCheck): HostCheck[] {
  return checks.map(({ id, title, judge }) => ({ id, title, ...judge(subject) }))
}
