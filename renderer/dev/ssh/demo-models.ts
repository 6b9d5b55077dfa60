import type { HostModel, SentModel } from '#shared/contract/model-api'
import { SkyError } from '#shared/contract/errors'
import type { Emit } from '../demo-client'
import type { DemoAccess } from './demo-access'
import type { DemoClock } from './demo-clock'
import type { DemoInventories } from './demo-inventories'

/** A made-up model has this size: TinyLlama-1.1B in q4_0, bytes. */
const modelBytes = 637_699_456
const sha256 = '3f2a'.repeat(16)

/** Models on made-up hosts. */
export class DemoModels {
  readonly #kept = new Map<string, HostModel[]>()
  readonly #clock: DemoClock
  readonly #emit: Emit
  readonly #inventories: DemoInventories
  readonly #access: DemoAccess

  constructor(clock: DemoClock, emit: Emit, inventories: DemoInventories, access: DemoAccess) {
    this.#clock = clock
    this.#emit = emit
    this.#inventories = inventories
    this.#access = access
  }

  list(lab: string, host: string | null): { host: string; models: HostModel[] } {
    const chosen = this.#host(lab, host)
    return { host: chosen, models: this.#kept.get(`${lab}/${chosen}`) ?? [] }
  }

  send(lab: string, host: string | null, name: string): SentModel {
    const { host: chosen, models } = this.list(lab, host)
    const isThere = models.some((each) => each.name === name)
    const path = `/opt/skymemory/${lab}/models/${name}.gguf`
    const model = {
      name,
      bytes: modelBytes,
      sha256,
      addedAt: this.#clock.now(),
      path,
      foundBytes: modelBytes,
    }
    if (!isThere) this.#kept.set(`${lab}/${chosen}`, [...models, model])
    this.#emit('modelTransfer', { lab, host: chosen, name, bytesDone: modelBytes, bytes: modelBytes })
    const bytesSent = isThere ? 0 : modelBytes
    return { host: chosen, path, bytes: modelBytes, bytesSent, sha256, problems: [] }
  }

  remove(lab: string, host: string | null, name: string): HostModel {
    const { host: chosen, models } = this.list(lab, host)
    const model = models.find((each) => each.name === name)
    if (!model) throw new SkyError('not_found', `There is no model ${name} on ${chosen}.`, '')
    this.#kept.set(
      `${lab}/${chosen}`,
      models.filter((each) => each !== model),
    )
    return model
  }

  #host(lab: string, host: string | null): string {
    const chosen =
      host ?? this.#inventories.get(lab).hosts.find(({ role }) => role === 'inference')?.name ?? 'jetson'
    this.#access.connect(lab, chosen)
    return chosen
  }
}
