import { unwrap } from '../../desktop-api'
import { useEngine } from '../../engine'
import { useToasts } from '../../stores/toasts'

/** Lets the user save a text file; a note says where it is. */
export function useSaveText(): (suggestedName: string, text: string) => Promise<void> {
  const { desktop } = useEngine()
  const toasts = useToasts()
  return async (suggestedName, text) => {
    await toasts.guard(async () => {
      const path = unwrap(await desktop.saveFile(suggestedName, new TextEncoder().encode(text)))
      if (path === null) return
      toasts.done('Data saved', path, {
        label: 'Show in folder',
        run: () => void desktop.showInFolder(path),
      })
    })
  }
}
