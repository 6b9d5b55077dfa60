import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { simulatedLab } from '../charts/strategy-style'
import { useEngine } from '../engine'
import type { Side } from '../simulation/compare-runs'
import { useRuns } from './runs'

/** Two runs that are laid beside each other: by default the newest of the lab and the newest of the simulator. */
export const useCompare = defineStore('compare', () => {
  const { client } = useEngine()
  const runs = useRuns()
  /** Chosen by the user; empty = by default. */
  const chosen = ref<readonly [string, string]>(['', ''])
  const sides = shallowRef<readonly [Side, Side] | null>(null)
  const error = shallowRef<ErrorBody | null>(null)

  /** Runs with something to show. */
  const candidates = computed(() => runs.list.filter((run) => run.trialsDone > 0))
  const runIds = computed((): readonly [string, string] => {
    const known = (id: string): boolean => candidates.value.some((run) => run.runId === id)
    const newest = (simulated: boolean, not = ''): string =>
      candidates.value.find((run) => (run.lab === simulatedLab) === simulated && run.runId !== not)?.runId ??
      ''
    const first = known(chosen.value[0]) ? chosen.value[0] : newest(false) || newest(true)
    const second = known(chosen.value[1]) ? chosen.value[1] : newest(true, first) || newest(false, first)
    return [first, second]
  })

  function choose(side: 0 | 1, runId: string): void {
    chosen.value = side === 0 ? [runId, runIds.value[1]] : [runIds.value[0], runId]
  }

  async function load(runId: string): Promise<Side> {
    const [run, { points, events }] = await Promise.all([
      client.call('run', { runId }),
      client.call('timeline', { runId }),
    ])
    return { run, points, events }
  }

  let asked = 0
  watch(
    () => {
      const [a, b] = runIds.value
      // Trials that end since then belong into the comparison.
      return [a, b, runs.byId.get(a)?.trialsDone, runs.byId.get(b)?.trialsDone] as const
    },
    async ([a, b]) => {
      const question = ++asked
      if (a === '' || b === '') {
        sides.value = null
        return
      }
      try {
        const both = await Promise.all([load(a), load(b)])
        if (question !== asked) return
        sides.value = both
        error.value = null
      } catch (thrown) {
        if (question === asked) error.value = toErrorBody(thrown)
      }
    },
    { immediate: true },
  )

  return { candidates, runIds, sides, error, choose }
})
