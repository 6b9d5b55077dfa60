import { createHash } from 'node:crypto'
import { agentProtocolVersion, type Hello } from '#shared/contract/agent-control'
import type { AgentAnswer, FolderFacts, HostFacts, PlaceFacts } from '../facts/host-facts'
import type { Identity } from '../certificates/issue'
import type { HostDeployment } from '../plan/deployment'
import { runtimeName } from '../runtimes/pinned-runtimes'
import { accountComment } from '../services/service-names'

const noPlace: PlaceFacts = {
  freeBytes: 100e9,
  isWritable: true,
  exists: false,
  folders: new Map(),
  installation: null,
  current: null,
  identity: null,
  versions: new Map(),
  runtimes: new Map(),
  llamaPackages: new Map(),
  identities: [],
  authority: null,
  certificate: null,
  key: null,
  leftovers: [],
  enabledLingering: false,
  supervisor: null,
}

/** A NUC with Debian 12 on which nothing of any lab is, and whose user may use sudo without a password. */
export const bareHost: HostFacts = {
  home: '/home/lab',
  user: 'lab',
  uid: 1000,
  gid: 1000,
  group: 'lab',
  groups: ['lab', 'sudo'],
  kernel: 'Linux',
  machine: 'x86_64',
  glibc: '2.36',
  missingTools: [],
  root: 'free',
  hasSystemd: true,
  hasUserManager: true,
  hasPolkit: false,
  isLingering: false,
  account: null,
  node: null,
  system: { ...noPlace, isWritable: false },
  own: noPlace,
  units: { system: null, user: null },
}

export const noAnswer: AgentAnswer = { hello: null, why: 'it is not installed' }

const accountUid = 996
const text = (content: string): string => createHash('sha256').update(content).digest('hex')

/** What would be found on a host after a deployment was carried out on it with this certificate. */
export function deployedHost(
  { facts, place, ...deployment }: HostDeployment,
  lab: string,
  identity: Identity,
  authority: string,
): HostFacts {
  const { service, version, content, runtime, llama, previousVersion } = deployment
  const id = text(identity.certificate).slice(0, 16)
  const owner = service === 'system' ? accountUid : facts.uid
  const entry = {
    agentSha256: content.agentSha256,
    configSha256: text(content.config),
    unitSha256: text(content.unit),
    modelSha256: content.models?.sha256 ?? '-',
    llama: content.models?.llama ?? '-',
    node: content.node,
  }
  const deployed: PlaceFacts = {
    ...place,
    exists: true,
    folders: service === 'system' ? foldersOfRoot(facts) : foldersOfUser(facts),
    installation: {
      lab,
      host: deployment.host.name,
      version,
      previousVersion,
      agentVersion: content.agentVersion,
      nodeVersion: content.nodeVersion,
      service,
      certificate: id,
      installedAt: 0,
    },
    current: version,
    identity: id,
    versions: new Map([...place.versions, [version, entry]]),
    runtimes:
      runtime.kind === 'brought'
        ? new Map([[runtimeName(runtime.pin), runtime.pin.programSha256]])
        : place.runtimes,
    llamaPackages: llama ? new Map([[llama.name, llama.contentSha256]]) : place.llamaPackages,
    identities: [id],
    authority,
    certificate: identity.certificate,
    key: { mode: '600', uid: owner, bytes: identity.key.length },
    enabledLingering: service === 'user',
    supervisor: service === 'detached' ? 4711 : null,
  }
  const unit = { sha256: text(content.unit), isEnabled: true, state: 'active' }
  return {
    ...facts,
    account: service === 'system' ? { uid: accountUid, comment: accountComment(lab) } : facts.account,
    isLingering: facts.isLingering || service === 'user',
    system: service === 'system' ? deployed : facts.system,
    own: service === 'system' ? facts.own : deployed,
    units: { ...facts.units, ...(service !== 'detached' && { [service]: unit }) },
  }
}

/** What the agent of a deployment says of itself. */
export function answerOf({ host, content }: HostDeployment): AgentAnswer {
  const hello: Hello = {
    role: host.role,
    hostId: host.name,
    version: content.agentVersion,
    protocolVersion: agentProtocolVersion,
    nodeVersion: content.nodeVersion,
    pid: 4712,
    startedAt: 0,
    dataPort: host.role === 'satellite' ? host.data_port : 0,
    hardware: { cpu: '', cores: 4, memoryBytes: 8e9, kernel: '', architecture: 'x64', hostname: '' },
    bootId: '',
  }
  return { hello }
}

function foldersOfRoot({ uid, gid }: HostFacts): Map<string, FolderFacts> {
  const root = { uid: 0, gid: 0 }
  const account = { uid: accountUid, gid: accountUid }
  return new Map<string, FolderFacts>([
    ...['versions', 'runtimes', 'certificates'].map((name) => [name, { mode: '755', ...root }] as const),
    ...['journals', 'log'].map((name) => [name, { mode: '700', ...account }] as const),
    ['run', { mode: '2750', uid: accountUid, gid }],
    ['staging', { mode: '700', uid, gid }],
    ['console.lock', { mode: '644', uid, gid }],
  ])
}

function foldersOfUser({ uid, gid }: HostFacts): Map<string, FolderFacts> {
  const names = ['versions', 'runtimes', 'certificates', 'journals', 'log', 'run', 'staging']
  return new Map<string, FolderFacts>([
    ...names.map((name) => [name, { mode: '700', uid, gid }] as const),
    ['console.lock', { mode: '644', uid, gid }],
  ])
}
