import { SkyError } from '#shared/contract/errors'
import type { Proof, ProofProgress, ProofQuestion } from '#shared/contract/proof-api'
import type { Inventory } from '#shared/inventory/inventory'
import type { LabHosts } from '../hosts/lab-hosts'
import type { LabService } from '../hosts/lab-service'
import type { LabAccess } from '../inventory/lab-access'
import type { RunQueue } from '../runs/run-queue'
import type { HostServices } from '../service/host-services'
import { proofParameters, shapeFor } from './proof-parameters'
import { proofText } from './proof-text'
import { verifyModel } from './verify-model'

export interface HostProofsOptions {
  readonly access: Pick<LabAccess, 'inventory'>
  readonly lab: LabService
  readonly queue: Pick<RunQueue, 'alone'>
  readonly services: Pick<HostServices, 'control' | 'requireControl'>
  readonly documentsDirectory: string
}

/** Proofs of models on the hosts of labs behind SSH. A lab that runs keeps its shape and runs on; another one is connected for the proof alone. */
export class HostProofs {
  readonly #options: HostProofsOptions

  constructor(options: HostProofsOptions) {
    this.#options = options
  }

  /**
   * @throws SkyError `not_found`, `not_supported`, `conflict` while something else uses the lab, `lab_held`, and as connecting to a lab
   * and `verifyModel` do
   */
  async prove(
    name: string,
    question: ProofQuestion,
    signal: AbortSignal,
    onProgress: (progress: ProofProgress) => void,
  ): Promise<Proof> {
    const { access, lab, queue, services, documentsDirectory } = this.#options
    const inventory = await access.inventory(name)
    const host = modelHost(inventory)
    return queue.alone(async (ended) => {
      const running = lab.hosts
      if (running && running.name !== name) {
        const message = `The lab ${running.name} runs, and only one lab can at a time`
        throw new SkyError('conflict', message, 'Stop it first: skymemory lab down')
      }
      const shape = running?.shape ?? shapeFor(inventory)
      const parameters = proofParameters(question, shape)
      const text = await proofText(documentsDirectory, question.promptTokens)
      await services.requireControl(name, host)
      if (!running) onProgress({ kind: 'step', text: `Connecting to the lab ${name}` })
      const hosts = running ?? (await this.#connect({ name, ...shape }, signal))
      try {
        await requireFree(hosts, host)
        return await verifyModel(hosts, {
          parameters,
          text,
          promptTokens: question.promptTokens,
          maxTokens: question.outputTokens,
          endProcess: async () => void (await services.control(name, host, 'restart', false)),
          signal: AbortSignal.any([signal, ended]),
          onProgress,
        })
      } finally {
        if (!running) await lab.stop()
      }
    })
  }

  async #connect(wanted: Parameters<LabService['ensure']>[0], signal: AbortSignal): Promise<LabHosts> {
    const { lab } = this.#options
    const giveUp = (): void => void lab.stop()
    signal.addEventListener('abort', giveUp)
    try {
      return await lab.ensure(wanted)
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }
}

/** The host of a lab that runs its models. @throws SkyError `invalid_argument`, `not_supported` */
function modelHost({ name, hosts }: Inventory): string {
  const host = hosts.find(({ role }) => role === 'inference')
  if (host?.role !== 'inference') {
    throw new SkyError(
      'invalid_argument',
      `The lab ${name} has no inference host`,
      'Add one to its inventory.',
    )
  }
  if (host.models) return host.name
  throw new SkyError(
    'not_supported',
    `${host.name} of the lab ${name} runs no models`,
    `Say "models: true" for it in the inventory, then: skymemory lab apply ${name}`,
    { lab: name, host: host.name },
  )
}

/** A trial whose console has ended goes on, and so does a model that is served: neither is to be spoilt. */
async function requireFree(hosts: LabHosts, host: string): Promise<void> {
  const status = await hosts.inference().call('trialStatus', {})
  if (status.kind === 'running' || status.kind === 'paused') {
    throw new SkyError(
      'conflict',
      `A trial is ${status.kind} on ${host}: ${status.trialKey}`,
      'Its console has ended. Let it end, or go on with its run: skymemory resume RUN',
      { host },
    )
  }
  const apiUrl = hosts.samples().get(host)?.apiUrl ?? null
  if (apiUrl === null) return
  throw new SkyError(
    'conflict',
    `${host} serves a model to clients of its API: ${apiUrl}`,
    `End that first (page Chat), or restart its agent: skymemory lab service ${hosts.name} ${host} restart`,
    { host },
  )
}
