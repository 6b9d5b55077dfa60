import { expect, it } from 'vitest'
import type { CallContext } from '#shared/contract/rpc'
import { WhileConnected } from './while-connected'

/** A connection, and a call over it that ends when it is cancelled. */
function aConnection() {
  let close = (): void => undefined
  let cancel = (): void => undefined
  const connected = new WhileConnected({ onClose: (listener) => (close = listener) })
  const context: CallContext = {
    isCancelled: () => false,
    onCancelled: (listener) => (cancel = listener),
  }
  let times = 0
  const call = () =>
    connected.call(
      context,
      (wanted) =>
        new Promise<boolean>((resolve) =>
          wanted.onCancelled(() => {
            times++
            resolve(wanted.isCancelled())
          }),
        ),
    )
  return { call, cancel: () => cancel(), close: () => close(), times: () => times }
}

it('a call ends with its connection', async () => {
  const { call, close, times } = aConnection()
  const calls = [call(), call()]
  close()
  expect(await Promise.all(calls)).toEqual([true, true])
  expect(times()).toBe(2)
})

it('a call that was cancelled hears nothing of the end of its connection', async () => {
  const { call, cancel, close, times } = aConnection()
  const called = call()
  cancel()
  expect(await called).toBe(false)
  close()
  expect(times()).toBe(1)
})
