import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { ConstellationSnapshot } from '#shared/contract/console-api'
import { useEngine } from '../engine'
import { satelliteRates, type SatelliteRates } from '../torus/rates'

/** Snapshots that are kept for the small charts of a satellite: two minutes at one a second. */
export const snapshotsKept = 120

/** The torus now, and how fast its counters grow. */
export const useConstellation = defineStore('constellation', () => {
  const { client } = useEngine()
  const snapshot = shallowRef<ConstellationSnapshot | null>(null)
  const rates = shallowRef<SatelliteRates | null>(null)
  const history = shallowRef<readonly ConstellationSnapshot[]>([])

  function take(next: ConstellationSnapshot): void {
    const last = snapshot.value
    if (last !== null && next.at <= last.at) return
    const sameTorus = last !== null && last.slots === next.slots && last.planes === next.planes
    rates.value = sameTorus ? satelliteRates(last, next) : null
    history.value = [...(sameTorus ? history.value : []), next].slice(-snapshotsKept)
    snapshot.value = next
  }
  client.on('constellationChanged', take)
  client.on('labChanged', (lab) => {
    if (lab.kind !== 'stopped') return
    snapshot.value = null
    rates.value = null
    history.value = []
  })

  async function refresh(): Promise<void> {
    const now = await client.call('constellation', {})
    if (now) take(now)
  }

  return { snapshot, rates, history, refresh }
})
