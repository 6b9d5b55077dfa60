import type { HostPlan, PlanStep } from '#shared/contract/provisioning-api'
import type { InventoryHost, ServiceKind } from '#shared/inventory/inventory'
import type { HostFacts, PlaceFacts, VersionFacts } from '../facts/host-facts'
import type { HostLayout, Installation } from '../host-layout'
import type { PackedLlama } from '../llama/llama-packages'
import type { PinnedRuntime } from '../runtimes/pinned-runtimes'
import type { RuntimeChoice } from './runtime-choice'
import { sha256, type VersionContent } from './version-content'

export interface ProgramFile {
  readonly sha256: string
  readonly bytes: number
}

/** What is to be deployed on every host of a lab. */
export interface Wanted {
  readonly lab: string
  /** Names of all hosts of the lab. */
  readonly hosts: readonly string[]
  readonly agent: ProgramFile & { readonly version: string }
  /** The program that runs models, beside the agent; null where no host of the lab does. */
  readonly model: ProgramFile | null
  /** Certificate of the lab's authority, PEM; null = there is none yet. */
  readonly authority: string | null
  readonly pins: readonly PinnedRuntime[]
  readonly now: Date
}

export const stepIds = [
  'account',
  'folders',
  'runtime',
  'llama',
  'agent',
  'version',
  'certificate',
  'unit',
  'lingering',
  'replaced',
  'service',
  'old',
] as const
export type StepId = (typeof stepIds)[number]
export type DeploymentStep = PlanStep & { readonly id: StepId }

/** One host, and the place on it where the lab's installation is or is to be. */
export interface HostSite {
  readonly host: InventoryHost
  readonly facts: HostFacts
  readonly service: ServiceKind
  readonly layout: HostLayout
  readonly place: PlaceFacts
  /** What was started there last and was well. */
  readonly installed: Installation | null
}

/** What deploying means on one host: what there is to be, and the steps from what is. */
export interface HostDeployment extends HostSite {
  readonly runtime: RuntimeChoice
  /** What runs models there; null = nothing does. */
  readonly llama: PackedLlama | null
  readonly version: string
  readonly content: VersionContent
  /** The version to go back to afterwards. */
  readonly previousVersion: string | null
  /** A version on the host that has the same programs: they need not be sent. */
  readonly agentFrom: string | null
  /** Why another certificate is needed, or null. */
  readonly renewal: string | null
  /** Services of another kind, which end when this one begins. */
  readonly replaced: readonly ServiceKind[]
  readonly steps: readonly DeploymentStep[]
}

export function isChange({ action }: PlanStep): boolean {
  return action !== 'none'
}

export function hostPlanOf(deployment: HostDeployment): HostPlan {
  const { host, service, layout, installed, steps } = deployment
  return {
    host: host.name,
    service,
    directory: layout.directory,
    installedVersion: installed?.version ?? null,
    previousVersion: installed?.previousVersion ?? null,
    steps: steps.map(({ id, title, action, detail, bytes }) => ({ id, title, action, detail, bytes })),
    error: null,
  }
}

/** Whether a version's folder holds what it was made of. */
export function isIntact(content: VersionContent, place: PlaceFacts, version: string): boolean {
  const found = place.versions.get(version)
  return (
    found !== undefined &&
    found.agentSha256 === content.agentSha256 &&
    found.configSha256 === sha256(content.config) &&
    found.unitSha256 === sha256(content.unit) &&
    found.node === content.node &&
    hasModels(content, found)
  )
}

function hasModels({ models }: VersionContent, found: VersionFacts): boolean {
  return found.modelSha256 === (models?.sha256 ?? '-') && found.llama === (models?.llama ?? '-')
}
