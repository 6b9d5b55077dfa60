/** Timers of Node have a resolution of 1 ms and may fire early by part of it; what is left is waited out turn by turn. */
const timerResolutionMs = 1

export interface Waiting {
  cancel(): void
}

/** Runs `then` at this time of `performance.now()`, never before it; at once when it has passed. */
export function waitUntil(deadline: number, then: () => void): Waiting {
  let timer: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  const check = (): void => {
    const left = deadline - performance.now()
    if (left <= 0) then()
    else if (left > timerResolutionMs) timer = setTimeout(check, Math.floor(left))
    else immediate = setImmediate(check)
  }
  check()
  return {
    cancel: () => {
      clearTimeout(timer)
      clearImmediate(immediate)
    },
  }
}

/** Sleeps until that time; rejects with the signal's reason when it is aborted. */
export function sleepUntil(deadline: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      waiting.cancel()
      reject(signal?.reason as Error)
    }
    const waiting = waitUntil(deadline, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
