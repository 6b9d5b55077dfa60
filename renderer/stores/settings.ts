import { defineStore } from 'pinia'
import { computed, reactive, ref, watch } from 'vue'
import { z } from 'zod'
import { useEngine } from '../engine'

const settingsKey = 'skymemory.settings'

const settingsSchema = z.object({
  theme: z.enum(['system', 'dark', 'light']).catch('system'),
  density: z.enum(['compact', 'comfortable']).catch('compact'),
  logOpen: z.boolean().catch(false),
  /** The lab that the page Lab shows. */
  lab: z.string().catch('local'),
  /** Terminals describe their output to screen readers; it costs some speed. */
  terminalScreenReader: z.boolean().catch(false),
  /** Where reports were written last. */
  exportDirectory: z.string().catch(''),
})
export type Settings = z.infer<typeof settingsSchema>

function load(): Settings {
  let stored: unknown = {}
  try {
    stored = JSON.parse(globalThis.localStorage?.getItem(settingsKey) ?? '{}')
  } catch {
    // Settings that cannot be read are the defaults; they hold nothing that a lab could lose.
  }
  return settingsSchema.catch(settingsSchema.parse({})).parse(stored)
}

/** How this user likes the window; kept in the window's own storage. */
export const useSettings = defineStore('settings', () => {
  const { desktop } = useEngine()
  const settings = reactive(load())

  const darkSystem = globalThis.matchMedia?.('(prefers-color-scheme: dark)')
  const systemIsDark = ref(darkSystem?.matches ?? false)
  darkSystem?.addEventListener('change', (change) => (systemIsDark.value = change.matches))

  const dark = computed(() => (settings.theme === 'system' ? systemIsDark.value : settings.theme === 'dark'))

  watch(settings, (now) => globalThis.localStorage?.setItem(settingsKey, JSON.stringify(now)))
  watch(
    () => settings.theme,
    (theme) => void desktop.setTheme(theme),
    { immediate: true },
  )
  watch(
    [dark, () => settings.density],
    ([isDark, density]) => {
      const root = globalThis.document?.documentElement
      if (!root) return
      root.dataset['theme'] = isDark ? 'dark' : 'light'
      root.dataset['density'] = density
    },
    { immediate: true, flush: 'sync' },
  )

  return { settings, dark }
})
