import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { LogLine } from '#shared/contract/console-api'
import { useEngine } from '../engine'

export const logLinesKept = 2_000

export interface KeptLine extends LogLine {
  readonly id: number
}

/** The last lines of the engine's and the hosts' logs. Bounded: older lines leave the window, not the files. */
export const useLog = defineStore('log', () => {
  const { client } = useEngine()
  const lines = shallowRef<readonly KeptLine[]>([])
  let lastId = 0

  function append(batch: readonly LogLine[]): void {
    const numbered = batch.map((line) => ({ ...line, id: ++lastId }))
    lines.value = [...lines.value, ...numbered].slice(-logLinesKept)
  }
  client.on('log', append)

  async function refresh(): Promise<void> {
    const recent = await client.call('recentLog', {})
    lines.value = []
    append(recent)
  }

  function clear(): void {
    lines.value = []
  }

  return { lines, refresh, clear }
})
