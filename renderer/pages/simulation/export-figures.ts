import { ref } from 'vue'
import { unwrap } from '../../desktop-api'
import { useEngine } from '../../engine'
import { plural } from '../../format/units'
import type { LatencyBase } from '../../simulation/latency-figures'
import { useSettings } from '../../stores/settings'
import { useToasts } from '../../stores/toasts'

/** Write the figures for print: ask for the folder, let the engine draw, say where they are. */
export function useExportFigures() {
  const { client, desktop } = useEngine()
  const toasts = useToasts()
  const { settings } = useSettings()
  const exporting = ref(false)

  async function exportFigures({ configuration, values }: LatencyBase): Promise<void> {
    exporting.value = true
    await toasts.guard(async () => {
      const folder = unwrap(await desktop.chooseDirectory('Export figures', settings.exportDirectory))
      if (folder === null) return
      settings.exportDirectory = folder
      const { KVC_BYTES, SERVERS, CHUNK_PROCESSING_TIME, ALTITUDE } = values
      const question = {
        configuration,
        values: {
          KVC_BYTES: [...KVC_BYTES],
          SERVERS: [...SERVERS],
          CHUNK_PROCESSING_TIME: [...CHUNK_PROCESSING_TIME],
          ALTITUDE: [...ALTITUDE],
        },
        directory: folder,
        titles: true,
      }
      const { directory, files } = await client.call('exportFigures', question)
      toasts.done(`${plural(files.length, 'file')} exported`, directory, {
        label: 'Show in folder',
        run: () => void desktop.showInFolder(directory),
      })
    })
    exporting.value = false
  }

  return { exporting, exportFigures }
}
