import { ref } from 'vue'
import type { RunSummary } from '#shared/contract/console-api'
import { unwrap } from '../../desktop-api'
import { useEngine } from '../../engine'
import { plural } from '../../format/units'
import { useRuns } from '../../stores/runs'
import { useSettings } from '../../stores/settings'
import { useToasts } from '../../stores/toasts'

/** Write a run's report: ask for the folder, write, say where it is. */
export function useExport() {
  const { desktop } = useEngine()
  const runs = useRuns()
  const toasts = useToasts()
  const { settings } = useSettings()
  const exporting = ref(false)
  let cancellation: AbortController | null = null

  async function exportRun(run: RunSummary): Promise<void> {
    exporting.value = true
    cancellation = new AbortController()
    await toasts.guard(async () => {
      const folder = unwrap(await desktop.chooseDirectory(`Export ${run.name}`, settings.exportDirectory))
      if (folder === null) return
      settings.exportDirectory = folder
      const { directory, files } = await runs.exportTo(run.runId, folder, cancellation?.signal)
      toasts.done(`${plural(files.length, 'file')} exported`, directory, {
        label: 'Show in folder',
        run: () => void desktop.showInFolder(directory),
      })
    })
    exporting.value = false
    cancellation = null
  }

  return { exporting, exportRun, cancelExport: () => cancellation?.abort() }
}
