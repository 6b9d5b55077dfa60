import type { AgentAnswer, FolderFacts } from '../facts/host-facts'
import { renewalReason } from '../certificates/renewal'
import { runtimeName } from '../runtimes/pinned-runtimes'
import { serviceAccount, unitFile } from '../services/service-names'
import {
  isChange,
  isIntact,
  type DeploymentStep,
  type HostDeployment,
  type StepId,
  type Wanted,
} from './deployment'
import { sha256 } from './version-content'

type Planned = Omit<HostDeployment, 'steps' | 'renewal'>

interface StepPlan {
  readonly steps: DeploymentStep[]
  readonly renewal: string | null
  /** Room that the new files take while they are put in place. */
  readonly bytesNeeded: number
}

/** What has to be done, step by step and in this order. */
export function deploymentSteps(planned: Planned, answer: AgentAnswer, wanted: Wanted): StepPlan {
  const renewal = whyRenew(planned, wanted)
  const runtime = runtimeStep(planned)
  const llama = llamaStep(planned)
  const agent = agentStep(planned, wanted)
  const before = [
    ...accountStep(planned, wanted),
    foldersStep(planned),
    runtime,
    ...llama,
    agent,
    versionStep(planned),
    certificateStep(planned, renewal),
    ...unitStep(planned, wanted),
    ...lingeringStep(planned),
    ...replacedStep(planned),
  ]
  const steps = [...before, serviceStep(planned, before, answer), oldStep(planned, renewal)]
  const program =
    planned.runtime.kind === 'brought' && isChange(runtime) ? planned.runtime.pin.programBytes : 0
  const unpacked = llama.some(isChange) ? (planned.llama?.unpackedBytes ?? 0) : 0
  const sent = [runtime, ...llama, agent].reduce((sum, { bytes }) => sum + bytes, 0)
  // Packages and what is unpacked of them, the sent programs and their copies.
  return { steps, renewal, bytesNeeded: sent + program + unpacked + agent.bytes }
}

function step(
  id: StepId,
  title: string,
  action: DeploymentStep['action'],
  detail: string,
  bytes = 0,
): DeploymentStep {
  return { id, title, action, detail, bytes }
}

function accountStep({ service, facts }: Planned, { lab }: Wanted): DeploymentStep[] {
  if (service !== 'system') return []
  const account = serviceAccount(lab)
  const action = facts.account === null ? 'create' : 'none'
  return [step('account', 'User of the service', action, account)]
}

const privateFolders = ['journals', 'log', 'run', 'staging'] as const
const lockFile = 'console.lock'
const openFolders = ['versions', 'runtimes', 'certificates'] as const

function foldersStep({ service, facts, layout, place }: Planned): DeploymentStep {
  const { uid, gid, account } = facts
  /** What a folder's mode and owners must be; who owns the rest makes no difference. */
  const isRight = (name: string, found: FolderFacts | undefined): boolean => {
    if (!found) return false
    if (service !== 'system') return name === lockFile || found.mode === '700'
    if (name === 'run') return found.mode === '2750' && found.uid === account?.uid && found.gid === gid
    if (name === 'staging') return found.mode === '700' && found.uid === uid
    if (name === lockFile) return found.uid === uid
    return name === 'journals' || name === 'log'
      ? found.mode === '700' && found.uid === account?.uid
      : found.mode === '755'
  }
  const wrong = [...privateFolders, ...openFolders, lockFile].filter(
    (name) => !isRight(name, place.folders.get(name)),
  )
  const open = service === 'system' ? `; the control socket is open to the group ${facts.group}` : ''
  const action = !place.exists ? 'create' : wrong.length > 0 ? 'update' : 'none'
  return step('folders', 'Folders', action, `${layout.directory}${open}`)
}

function runtimeStep({ runtime, layout, place }: Planned): DeploymentStep {
  const title = 'Node runtime'
  if (runtime.kind === 'host')
    return step('runtime', title, 'none', `${runtime.path} of the host, ${runtime.version}`)
  const { pin, why } = runtime
  const name = runtimeName(pin)
  const found = place.runtimes.get(name)
  const action = found === pin.programSha256 ? 'none' : found === undefined ? 'create' : 'update'
  const damaged = action === 'update' ? ': what is there is damaged' : ''
  const detail = `${layout.runtimes}/${name}${damaged}${why === '' ? '' : ` (${why})`}`
  return step('runtime', title, action, detail, action === 'none' ? 0 : pin.bytes)
}

function llamaStep({ llama, layout, place }: Planned): DeploymentStep[] {
  if (llama === null) return []
  const found = place.llamaPackages.get(llama.name)
  const action = found === llama.contentSha256 ? 'none' : found === undefined ? 'create' : 'update'
  const damaged = action === 'update' ? ': what is there is damaged' : ''
  const unpacked = `${(llama.unpackedBytes / 1e6).toFixed(1)} MB unpacked`
  const detail = `${layout.llamaPackages}/${llama.name}, ${unpacked}${damaged}`
  return [step('llama', 'llama.cpp', action, detail, action === 'none' ? 0 : llama.bytes)]
}

function agentStep(planned: Planned, { agent, model }: Wanted): DeploymentStep {
  const { version, content, place, agentFrom } = planned
  const title = 'Agent program'
  const what = `version ${agent.version}, SHA-256 ${agent.sha256.slice(0, 12)}…`
  if (isIntact(content, place, version)) return step('agent', title, 'none', what)
  if (agentFrom !== null) return step('agent', title, 'none', `${what}: the same as in ${agentFrom}`)
  const bytes = agent.bytes + (content.models === null ? 0 : (model?.bytes ?? 0))
  const both = content.models === null ? what : `${what}, and the program that runs models`
  return step('agent', title, place.versions.size === 0 ? 'create' : 'update', both, bytes)
}

function versionStep({ version, content, layout, place }: Planned): DeploymentStep {
  const action = isIntact(content, place, version)
    ? 'none'
    : place.versions.has(version)
      ? 'update'
      : 'create'
  return step('version', 'Version folder', action, `${layout.versions}/${version}`)
}

function whyRenew({ host, service, facts, place }: Planned, { authority, now }: Wanted): string | null {
  if (authority === null) return 'the lab has no authority yet'
  const reason = renewalReason(place.certificate, host.name, authority, now)
  if (reason !== null) return reason
  if (place.authority?.trim() !== authority.trim())
    return 'the certificate of the authority beside it is another one'
  const { key } = place
  const owner = service === 'system' ? facts.account?.uid : facts.uid
  if (!key || key.bytes === 0) return 'its key is missing'
  if (key.mode !== '600' || key.uid !== owner) return 'its key has other owners or rights than it must'
  return null
}

function certificateStep({ layout, place }: Planned, renewal: string | null): DeploymentStep {
  const action = renewal === null ? 'none' : place.certificate === null ? 'create' : 'update'
  const reason = action === 'update' ? `: ${renewal}` : ''
  return step('certificate', 'Certificate', action, `${layout.tls}/certificate.pem${reason}`)
}

function unitStep({ service, facts, content }: Planned, { lab }: Wanted): DeploymentStep[] {
  if (service === 'detached') return []
  const found = facts.units[service]
  const isRight = found?.sha256 === sha256(content.unit) && found.isEnabled
  const action = isRight ? 'none' : found ? 'update' : 'create'
  const disabled = found && !found.isEnabled ? ': it is not enabled' : ''
  return [step('unit', 'systemd unit', action, `${unitFile(service, lab, facts.home)}${disabled}`)]
}

function lingeringStep({ service, facts }: Planned): DeploymentStep[] {
  if (service !== 'user') return []
  const action = facts.isLingering ? 'none' : 'create'
  return [step('lingering', 'Run without a login', action, `loginctl enable-linger ${facts.user}`)]
}

function replacedStep({ replaced, service }: Planned): DeploymentStep[] {
  if (replaced.length === 0) return []
  const detail = `${replaced.join(' and ')}: the agent becomes a ${service} service`
  return [step('replaced', 'Earlier service', 'delete', detail)]
}

function serviceStep(
  planned: Planned,
  before: readonly DeploymentStep[],
  answer: AgentAnswer,
): DeploymentStep {
  const { service, facts, place, version, installed } = planned
  const title = 'Agent'
  const state =
    service === 'detached' ? (place.supervisor === null ? 'inactive' : 'active') : facts.units[service]?.state
  const runs = state === 'active' || state === 'activating' || state === 'reloading'
  const changed = before.filter(isChange).map((each) => each.title.toLowerCase())
  if (!runs)
    return step(
      'service',
      title,
      'create',
      place.exists ? `start it: it is ${state || 'not running'}` : 'start it',
    )
  if (changed.length > 0) return step('service', title, 'restart', `because of: ${changed.join(', ')}`)
  if (place.current !== version) return step('service', title, 'restart', `with version ${version}`)
  if (installed?.version !== version || installed.certificate !== place.identity) {
    return step('service', title, 'restart', 'whether it runs with what is installed is not known')
  }
  const why = whyUnwell(planned, answer)
  return why === null
    ? step('service', title, 'none', `runs${answer.hello ? `, process ${answer.hello.pid}` : ''}`)
    : step('service', title, 'restart', why)
}

function whyUnwell({ host, content }: Planned, answer: AgentAnswer): string | null {
  if (answer.hello === null) return `it does not answer: ${answer.why}`
  const { hostId, role, version } = answer.hello
  if (hostId !== host.name || role !== host.role) return `it is ${hostId}, a ${role} host`
  return version === content.agentVersion ? null : `it is version ${version}`
}

/** Versions beyond this one and the one before, and what only they needed. */
function oldStep(planned: Planned, renewal: string | null): DeploymentStep {
  const { place, version, previousVersion, content } = planned
  const kept = new Set([version, previousVersion])
  const nodes = new Set([content.node])
  const packages = new Set([content.models?.llama])
  for (const [name, { node, llama }] of place.versions) {
    if (!kept.has(name)) continue
    nodes.add(node)
    packages.add(llama)
  }
  const old = [
    ...[...place.versions.keys()].filter((name) => !kept.has(name)).map((name) => `version ${name}`),
    ...[...place.runtimes.keys()].filter((name) => !nodes.has(`../../runtimes/${name}/bin/node`)),
    ...[...place.llamaPackages.keys()].filter((name) => !packages.has(`../../llama/${name}`)),
    ...place.identities
      .filter((name) => renewal !== null || name !== place.identity)
      .map((name) => `certificate ${name}`),
    ...place.leftovers,
  ]
  return step('old', 'What is old', old.length > 0 ? 'delete' : 'none', old.join(', '))
}
