import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { labNameOf } from '../format/lab'
import { useInventories } from './inventories'
import { localLab, useLab } from './lab'
import { useSettings } from './settings'

/** The lab that the page Lab shows: the local one, or an inventory. */
export const useLabChoice = defineStore('lab-choice', () => {
  const { settings } = useSettings()
  const inventories = useInventories()
  const lab = useLab()

  const chosen = computed(() =>
    settings.lab === localLab || !inventories.loaded || inventories.names.includes(settings.lab)
      ? settings.lab
      : localLab,
  )
  const isLocal = computed(() => chosen.value === localLab)
  const options = computed(() => [
    { value: localLab, label: 'Local lab' },
    ...inventories.list.map(({ name }) => ({ value: name, label: name })),
  ])
  /** The chosen lab is the one that the engine's state is about. */
  const isCurrent = computed(() => {
    const { state } = lab
    if (state === null || state.kind === 'stopped') return false
    return (labNameOf(state) ?? lab.connecting ?? chosen.value) === chosen.value
  })

  function choose(name: string): void {
    settings.lab = name
  }
  // A run may start another lab than the one in sight.
  watch(
    () => lab.running?.name,
    (name) => {
      if (name !== undefined) choose(name)
    },
  )

  return { chosen, isLocal, isCurrent, options, choose }
})
