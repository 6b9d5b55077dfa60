import { SkyError } from '#shared/contract/errors'
import type { ModelEngine } from '#shared/contract/model-engine-api'
import type { CallContext } from '#shared/contract/rpc'
import type { Emit } from './demo-client'
import type { DemoClock } from './ssh/demo-clock'

const steps = 20
const stepMs = 200

/** llama.cpp on a made-up computer. */
export class DemoModelEngine {
  found: ModelEngine = {
    state: 'installed',
    folder: '/home/ada/.local/share/skymemory-console/llama',
    version: '3.22.1',
    wantedVersion: '3.22.1',
    downloadBytes: 56_162_611,
    installedBytes: 99_258_354,
    problem: null,
  }
  readonly #clock: DemoClock
  readonly #emit: Emit

  constructor(clock: DemoClock, emit: Emit) {
    this.#clock = clock
    this.#emit = emit
  }

  async install(context: CallContext): Promise<ModelEngine> {
    const { downloadBytes: total, wantedVersion } = this.found
    for (let step = 1; step <= steps; step++) {
      await new Promise<void>((done) => this.#clock.after(stepMs, done))
      if (context.isCancelled()) throw new SkyError('cancelled', 'The installation was cancelled')
      const fraction = step / steps
      this.#emit('installProgress', { step: 'download', done: Math.round(total * fraction), total, fraction })
    }
    this.found = { ...this.found, state: 'installed', version: wantedVersion }
    return this.found
  }
}
