import { defineStore } from 'pinia'
import { computed, onScopeDispose, ref, shallowReactive, toValue, type MaybeRefOrGetter } from 'vue'
import type { Shortcut } from './shortcuts'

export const groupOrder = ['Go to', 'Run', 'Experiment', 'Live', 'Simulation', 'Chat', 'Lab', 'View'] as const

/** Something that the user can do: an entry of the palette, often with keys of its own. */
export interface Command {
  readonly id: string
  readonly group: (typeof groupOrder)[number]
  readonly label: string
  readonly shortcut?: Shortcut
  readonly run: () => void
}

/** Every command that is possible now. Pages add theirs while they are open. */
export const useCommandRegistry = defineStore('commands', () => {
  const sources = shallowReactive(new Set<MaybeRefOrGetter<readonly Command[]>>())
  const commands = computed(() => [...sources].flatMap((source) => toValue(source)))
  const paletteOpen = ref(false)
  const helpOpen = ref(false)

  function add(source: MaybeRefOrGetter<readonly Command[]>): () => void {
    sources.add(source)
    return () => sources.delete(source)
  }
  return { commands, paletteOpen, helpOpen, add }
})

/** Offer these commands while the calling component lives. */
export function useCommands(source: MaybeRefOrGetter<readonly Command[]>): void {
  onScopeDispose(useCommandRegistry().add(source))
}
