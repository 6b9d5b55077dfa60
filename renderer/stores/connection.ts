import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { SecretStorage } from '#shared/contract/inventory-api'
import { questionId, questionOf, type Question } from '../connection/question'
import { useEngine } from '../engine'

interface Asked {
  readonly question: Question
  readonly answered: Promise<void>
  readonly resolve: () => void
  readonly reject: (thrown: SkyError) => void
}

/**
 * What connections to hosts ask of the user. No call waits for an answer inside the engine: it fails with what it needs, the
 * user is asked here, and the call is made again. Several questions are asked one after another.
 */
export const useConnection = defineStore('connection', () => {
  const { client } = useEngine()
  const queue = shallowRef<readonly Asked[]>([])
  /** An answer is on its way to the engine. */
  const busy = shallowRef(false)
  /** Why the last answer was not taken. */
  const error = shallowRef<ErrorBody | null>(null)
  const storage = shallowRef<SecretStorage | null>(null)

  const current = computed(() => queue.value[0]?.question ?? null)
  const waiting = computed(() => Math.max(0, queue.value.length - 1))

  function ask(question: Question): Promise<void> {
    const id = questionId(question)
    const same = queue.value.find((asked) => questionId(asked.question) === id)
    if (same) return same.answered
    let resolve: () => void = () => undefined
    let reject: (thrown: SkyError) => void = () => undefined
    const answered = new Promise<void>((onAnswer, onCancel) => {
      resolve = onAnswer
      reject = onCancel
    })
    // Whoever asked hears of it; a question that was asked for nobody's call must not count as unhandled.
    answered.catch(() => undefined)
    queue.value = [...queue.value, { question, answered, resolve, reject }]
    return answered
  }

  /** Send the answer; the question goes when the engine has taken it. */
  async function answer(send: () => Promise<unknown>): Promise<void> {
    const asked = queue.value[0]
    if (!asked || busy.value) return
    busy.value = true
    error.value = null
    try {
      await send()
      queue.value = queue.value.filter((one) => one !== asked)
      asked.resolve()
    } catch (thrown) {
      error.value = toErrorBody(thrown)
    } finally {
      busy.value = false
    }
  }

  async function accept(): Promise<void> {
    const question = current.value
    if (question?.kind !== 'unknown_key') return
    const { lab, target, fingerprint } = question.key
    await answer(() => client.call('acceptHostKey', { lab, target, fingerprint }))
  }

  /** The next connection asks for the new key. */
  async function forget(): Promise<void> {
    const question = current.value
    if (question?.kind !== 'changed_key') return
    const { lab, target } = question.key
    await answer(() => client.call('forgetHostKey', { lab, target }))
  }

  async function give(values: string[], remember: boolean): Promise<void> {
    const question = current.value
    if (question?.kind !== 'secret') return
    const { lab, target, secret } = question.needed
    await answer(() => client.call('giveSecret', { lab, target, secret, values, remember }))
  }

  /** Ends every call that waits for an answer. */
  function cancel(): void {
    const all = queue.value
    queue.value = []
    error.value = null
    for (const { reject, question } of all) reject(new SkyError('cancelled', notAnswered(question)))
  }

  async function loadStorage(): Promise<void> {
    storage.value = await client.call('secretStorage', {})
  }

  /**
   * Make a call that connects to hosts, asking what they need.
   * @throws SkyError what the call failed with; `cancelled` when the user did not answer
   */
  async function asking<T>(call: () => Promise<T>): Promise<T> {
    const settled = new Set<string>()
    for (;;) {
      try {
        return await call()
      } catch (thrown) {
        const question = questionOf(toErrorBody(thrown))
        if (question === null) throw thrown
        const id = questionId(question)
        // A key that was accepted and is asked for again is a defect, not a question.
        if (question.kind !== 'secret' && settled.has(id)) throw thrown
        await ask(question)
        settled.add(id)
      }
    }
  }

  /**
   * Make a call whose answer tells per host what failed, asking what the hosts need and calling again for those. A question that
   * is not answered leaves its host as it is, and ends the asking.
   * @param hosts which ones it is about; null = all
   */
  async function askingHosts<R>(
    hosts: string[] | null,
    call: (hosts: string[] | null) => Promise<R>,
    failures: (answer: R) => readonly { host: string; error: ErrorBody | null }[],
    merge: (before: R, again: R) => R,
  ): Promise<R> {
    let result: R = await asking(() => call(hosts))
    const settled = new Set<string>()
    for (;;) {
      const questions = failures(result).flatMap(({ host, error: failure }) => {
        const question = failure ? questionOf(failure) : null
        if (question === null) return []
        const isRepeated = question.kind !== 'secret' && settled.has(questionId(question))
        return isRepeated ? [] : [{ host, question }]
      })
      if (questions.length === 0) return result
      try {
        await Promise.all(questions.map(({ question }) => ask(question)))
      } catch {
        return result
      }
      for (const { question } of questions) settled.add(questionId(question))
      const again = await asking(() => call(questions.map(({ host }) => host)))
      result = merge(result, again)
    }
  }

  /**
   * Log in on every host once, so that what follows meets no question. Hosts that cannot be reached are left to what follows,
   * which says so of each.
   * @param signal ends it at once, also while a host is waited for that does not answer
   * @throws SkyError `cancelled`
   */
  async function reach(lab: string, hosts: readonly string[], signal: AbortSignal): Promise<void> {
    const reached = hosts.map(async (host) => {
      try {
        await asking(() => client.call('checkConnection', { lab, host }, signal))
      } catch (thrown) {
        if (toErrorBody(thrown).code === 'cancelled') throw thrown
      }
    })
    await Promise.race([Promise.all(reached), aborted(signal)])
  }

  return {
    current,
    waiting,
    busy,
    error,
    storage,
    accept,
    forget,
    give,
    cancel,
    loadStorage,
    asking,
    askingHosts,
    reach,
  }
})

/** Never fulfilled. @throws SkyError `cancelled` */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new SkyError('cancelled', 'it was cancelled'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

function notAnswered(question: Question): string {
  switch (question.kind) {
    case 'unknown_key':
      return `the key of ${question.key.target} was not accepted`
    case 'changed_key':
      return `the changed key of ${question.key.target} stays refused`
    case 'secret':
      return `${question.needed.target} was not given what it needs`
  }
}
