import { SkyError } from '#shared/contract/errors'
import type { PreflightReport } from '#shared/contract/provisioning-api'
import type { LabAccess } from '../inventory/lab-access'
import { runPreflight } from './preflight'

/** The preflights of an engine: one at a time for each lab, and what each found last. */
export class Preflights {
  readonly #access: LabAccess
  readonly #onChanged: (report: PreflightReport) => void
  readonly #active = new Map<string, AbortController>()
  readonly #last = new Map<string, PreflightReport>()

  constructor(access: LabAccess, onChanged: (report: PreflightReport) => void) {
    this.#access = access
    this.#onChanged = onChanged
  }

  last(lab: string): PreflightReport | null {
    return this.#last.get(lab) ?? null
  }

  /** @throws SkyError `not_found`, `conflict` while one goes on, `cancelled` */
  async run(lab: string, signal: AbortSignal): Promise<PreflightReport> {
    if (this.#active.has(lab)) {
      throw new SkyError('conflict', `The hosts of ${lab} are being looked at already`, 'Wait for its end.')
    }
    const ending = new AbortController()
    this.#active.set(lab, ending)
    try {
      return await runPreflight({
        inventory: await this.#access.inventory(lab),
        connector: this.#access.connector(lab),
        signal: AbortSignal.any([signal, ending.signal]),
        onChange: (report) => {
          this.#last.set(lab, report)
          this.#onChanged(report)
        },
        now: Date.now,
      })
    } finally {
      this.#active.delete(lab)
    }
  }

  close(): void {
    for (const ending of this.#active.values()) ending.abort()
  }
}
