import { onScopeDispose, shallowRef } from 'vue'
import { toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { useEngine } from '../../engine'
import { hostLine } from '../../format/host-text'
import { useConnection } from '../../stores/connection'

/** Lines that are kept in the window; the host keeps its own. */
export const serviceLinesKept = 2_000

export interface ServiceLine {
  readonly id: number
  readonly text: string
}

/**
 * The log of a host's service, as it grows. Lines that come in a flood are taken together, once a frame; what is beyond the
 * bound is counted.
 */
export function useServiceLog(lab: () => string, host: () => string) {
  const { client } = useEngine()
  const connection = useConnection()
  const lines = shallowRef<readonly ServiceLine[]>([])
  /** Lines that left the window. */
  const dropped = shallowRef(0)
  const error = shallowRef<ErrorBody | null>(null)
  const following = shallowRef(false)
  /** The host is being asked. */
  const connecting = shallowRef(false)
  let waiting: string[] = []
  let skipped = 0
  let frame: number | null = null
  let lastId = 0
  let disposed = false

  const unsubscribe = client.on('serviceLog', (batch) => {
    if (batch.lab !== lab() || batch.host !== host()) return
    waiting.push(...batch.lines.slice(-serviceLinesKept))
    skipped += Math.max(0, batch.lines.length - serviceLinesKept)
    if (waiting.length > serviceLinesKept) {
      skipped += waiting.length - serviceLinesKept
      waiting = waiting.slice(-serviceLinesKept)
    }
    frame ??= requestAnimationFrame(take)
  })

  const unsubscribeEnd = client.on('serviceLogEnded', (end) => {
    if (end.lab !== lab() || end.host !== host()) return
    following.value = false
    error.value = { code: 'connection_lost', message: end.reason, hint: 'Follow it again.', details: {} }
  })

  function take(): void {
    frame = null
    const added = waiting.map((line) => ({ id: ++lastId, text: hostLine(line) }))
    waiting = []
    const all = [...lines.value, ...added]
    dropped.value += skipped + Math.max(0, all.length - serviceLinesKept)
    skipped = 0
    lines.value = all.slice(-serviceLinesKept)
  }

  async function follow(): Promise<void> {
    error.value = null
    connecting.value = true
    const target = { lab: lab(), host: host() }
    try {
      await connection.asking(() => client.call('followServiceLog', target))
      // The page may have been left while the host was asked.
      if (disposed) void client.call('unfollowServiceLog', target).catch(() => undefined)
      else following.value = true
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    } finally {
      connecting.value = false
    }
  }

  async function unfollow(): Promise<void> {
    following.value = false
    await client.call('unfollowServiceLog', { lab: lab(), host: host() }).catch(() => undefined)
  }

  function clear(): void {
    lines.value = []
    dropped.value = 0
  }

  onScopeDispose(() => {
    disposed = true
    unsubscribe()
    unsubscribeEnd()
    if (frame !== null) cancelAnimationFrame(frame)
    if (following.value) void unfollow()
  })

  return { lines, dropped, error, following, connecting, follow, unfollow, clear }
}
