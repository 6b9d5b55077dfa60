import { randomUUID } from 'node:crypto'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import { checkRelations } from '#shared/experiment/relations'
import { satelliteHosts } from '../runs/prepare-trial'
import type { LabHosts } from './lab-hosts'
import type { LabService } from './lab-service'

/** The OpenAI-compatible API that the lab's inference host serves, and with which parameters. */
export class ServedApi {
  readonly #lab: LabService
  #last: { readonly hosts: LabHosts; readonly url: string; readonly parameters: ParameterValues } | null =
    null

  constructor(lab: LabService) {
    this.#lab = lab
  }

  /** Null = it is not served, or was not started from here. */
  get parameters(): ParameterValues | null {
    const { state, hosts } = this.#lab
    const last = this.#last
    if (last === null || last.hosts !== hosts || state.kind !== 'running') return null
    return state.apiUrl === last.url ? last.parameters : null
  }

  /** @param port 0 = any that is free. @throws SkyError invalid_argument, port_in_use, what the lab or the model says */
  async serve(parameters: ParameterValues | null, port: number): Promise<{ url: string | null }> {
    if (parameters === null) {
      const hosts = this.#lab.require()
      const answer = await hosts.inference().call('serveApi', { parameters, port: 0 })
      await this.#lab.refresh()
      return answer
    }
    const [problem] = checkRelations(parameters)
    if (problem) throw new SkyError('invalid_argument', problem.message, `Allowed: ${problem.allowed}`)
    const cached = parameters.cache === 'skymemory'
    const { slots, planes } = cached ? parameters : (this.#lab.hosts?.shape ?? parameters)
    const hosts = await this.#lab.ensure({ name: this.#lab.hosts?.name ?? 'local', slots, planes })
    // A name of its own each time: hosts empty their satellites for a trial that they do not hold yet, and only then.
    const trial = { trialKey: `api.${randomUUID()}`, parameters: { ...parameters, slots, planes } }
    await Promise.all(
      satelliteHosts(hosts).map(({ hostId }) => hosts.satellite(hostId).call('prepareTrial', trial)),
    )
    const answer = await hosts.inference().call('serveApi', { parameters, port })
    this.#last = answer.url === null ? null : { hosts, url: answer.url, parameters: trial.parameters }
    await this.#lab.refresh()
    return answer
  }
}
