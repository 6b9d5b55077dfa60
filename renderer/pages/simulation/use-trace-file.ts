import { unwrap } from '../../desktop-api'
import { useEngine } from '../../engine'
import { useReplay } from '../../stores/replay'
import { useToasts } from '../../stores/toasts'

/** The ways to a trace file: the system's dialog, and a file that is dropped. */
export function useTraceFile() {
  const { desktop } = useEngine()
  const replay = useReplay()
  const toasts = useToasts()

  async function choose(): Promise<void> {
    await toasts.guard(async () => {
      const path = unwrap(await desktop.chooseTraceFile())
      if (path !== null) await replay.open(path)
    })
  }

  async function drop(event: DragEvent): Promise<void> {
    const file = event.dataTransfer?.files[0]
    const path = file ? desktop.pathOfDropped(file) : ''
    if (path !== '') await replay.open(path)
  }

  return { choose, drop }
}
