import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { PreflightReport } from '#shared/contract/provisioning-api'
import { useEngine } from '../engine'
import { useConnection } from './connection'
import { useInventories } from './inventories'

/** What was found on the hosts of each lab, as far as it is known. */
export const usePreflight = defineStore('preflight', () => {
  const { client } = useEngine()
  const connection = useConnection()
  const inventories = useInventories()
  const reports = shallowRef<ReadonlyMap<string, PreflightReport>>(new Map())
  const errors = shallowRef<ReadonlyMap<string, ErrorBody>>(new Map())
  const running = shallowRef<ReadonlyMap<string, AbortController>>(new Map())

  function take(report: PreflightReport): void {
    reports.value = new Map(reports.value).set(report.lab, report)
  }
  client.on('preflightChanged', take)

  /** What was found last, also before this window was opened. */
  async function load(lab: string): Promise<void> {
    const last = await client.call('lastPreflight', { lab })
    if (last && !reports.value.has(lab)) take(last)
  }

  async function run(lab: string): Promise<void> {
    if (running.value.has(lab)) return
    const cancellation = new AbortController()
    running.value = new Map(running.value).set(lab, cancellation)
    errors.value = without(errors.value, lab)
    try {
      const { hosts } = await inventories.load(lab)
      await connection.reach(
        lab,
        hosts.map(({ name }) => name),
        cancellation.signal,
      )
      take(await connection.asking(() => client.call('preflight', { lab }, cancellation.signal)))
    } catch (thrown) {
      const error = toErrorBody(thrown)
      if (error.code !== 'cancelled') errors.value = new Map(errors.value).set(lab, error)
    } finally {
      running.value = without(running.value, lab)
    }
  }

  function cancel(lab: string): void {
    running.value.get(lab)?.abort()
    connection.cancel()
  }

  return { reports, errors, running, load, run, cancel }
})

export function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  return new Map([...map].filter(([one]) => one !== key))
}
