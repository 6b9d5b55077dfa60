import { z } from 'zod'
import { secretStorage } from '#shared/contract/inventory-api'
import type { Contract } from '#shared/contract/rpc'

const done = z.null()
const key = z.object({ key: z.string().min(1) })

/** What the engine's process asks of the main process, which alone can use the system's keychain. Keys are those of `secretKey`. */
export const vaultContract = {
  methods: {
    storage: { params: z.object({}), result: secretStorage },
    get: { params: key, result: z.string().nullable() },
    set: { params: key.extend({ value: z.string() }), result: done },
    /** Every key that begins with this. */
    deleteAll: { params: z.object({ prefix: z.string().min(1) }), result: done },
    delete: { params: key, result: done },
  },
  events: {},
} satisfies Contract
