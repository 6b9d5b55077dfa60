import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { ErrorBody } from '#shared/contract/errors'
import { toErrorBody } from '#shared/contract/errors'
import { errorTitle } from '../format/errors'

export interface Toast {
  readonly id: number
  readonly tone: 'ok' | 'bad'
  readonly heading: string
  readonly text: string
  readonly action: { readonly label: string; readonly run: () => void } | null
}

const toastsKept = 4

/** Short notes in the corner: what a finished act did, or why it failed. */
export const useToasts = defineStore('toasts', () => {
  const toasts = shallowRef<readonly Toast[]>([])
  let lastId = 0

  function add(toast: Omit<Toast, 'id'>): number {
    toasts.value = [...toasts.value, { ...toast, id: ++lastId }].slice(-toastsKept)
    return lastId
  }

  function done(heading: string, text = '', action: Toast['action'] = null): void {
    add({ tone: 'ok', heading, text, action })
  }

  /** @returns what `dismiss` takes */
  function warn(heading: string, text: string, action: Toast['action'] = null): number {
    return add({ tone: 'bad', heading, text, action })
  }

  function failed(error: ErrorBody, action: Toast['action'] = null): void {
    if (error.code === 'cancelled') return
    const text = error.hint === '' ? error.message : `${error.message}\n${error.hint}`
    add({ tone: 'bad', heading: errorTitle(error.code), text, action })
  }

  /** Carry out an act whose failure belongs into a note; the answer is undefined when it failed. */
  async function guard<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (thrown) {
      failed(toErrorBody(thrown))
      return undefined
    }
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  return { toasts, done, warn, failed, guard, dismiss }
})
