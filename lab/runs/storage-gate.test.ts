import { expect, it } from 'vitest'
import { SkyError, type ErrorBody } from '#shared/contract/errors'
import { StorageGate } from './storage-gate'

/** A store that takes values while it has room. */
function aFullStore(): {
  gate: StorageGate
  stored: number[]
  blocks: ErrorBody[]
  room: { left: number }
  put: (v: number) => Promise<void>
} {
  const stored: number[] = []
  const blocks: ErrorBody[] = []
  const room = { left: 0 }
  const gate = new StorageGate(
    () => (room.left < 0 ? Promise.reject(new SkyError('storage_full', 'still full')) : Promise.resolve()),
    (reason) => blocks.push(reason),
  )
  const put = (value: number): Promise<void> =>
    gate.run(() => {
      if (room.left <= 0) return Promise.reject(new SkyError('storage_full', 'full'))
      room.left -= 1
      stored.push(value)
      return Promise.resolve()
    })
  return { gate, stored, blocks, room, put }
}

it('holds work while the disk is full and loses none of it', async () => {
  const { gate, stored, blocks, room, put } = aFullStore()
  room.left = 1
  const all = Promise.all([put(1), put(2), put(3)])
  await Promise.resolve()
  room.left = -1
  await expect(gate.retry()).rejects.toMatchObject({ code: 'storage_full', message: 'still full' })
  expect(gate.reason?.message).toBe('still full')
  room.left = 10
  await gate.retry()
  await all
  expect(stored.sort()).toEqual([1, 2, 3])
  expect(blocks.map((reason) => reason.code)).toEqual(['storage_full'])
})

it('passes other errors on', async () => {
  const { gate } = aFullStore()
  await expect(gate.run(() => Promise.reject(new SkyError('protocol_error', 'x')))).rejects.toMatchObject({
    code: 'protocol_error',
  })
})

it('lets go of what waits when it is abandoned', async () => {
  const { gate, put } = aFullStore()
  const waiting = put(1)
  await Promise.resolve()
  gate.abandon(new SkyError('cancelled', 'the run was cancelled'))
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
  await expect(put(2)).rejects.toMatchObject({ code: 'cancelled' })
})
