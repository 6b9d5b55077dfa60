import { z } from 'zod'
import { modelProblem } from '../gguf/model-fit'
import { modelName, storedModel } from '../gguf/stored-model'
import { hostName } from '../inventory/inventory'
import { labRef } from './inventory-api'

/** The part of the console's contract about models on the hosts of labs. Composed into `consoleApi`. */

/** Null = the lab's only inference host. */
const onHost = labRef.extend({ host: hostName.nullable() })

export const hostModel = storedModel.extend({
  /** On the host. */
  path: z.string(),
  /** Bytes that its file has; another number than `bytes` when it was changed there. */
  foundBytes: z.number(),
})
export type HostModel = z.infer<typeof hostModel>

export const sentModel = z.object({
  host: hostName,
  /** On the host. */
  path: z.string(),
  bytes: z.number(),
  /** Bytes that were sent now; 0 = it was there already. */
  bytesSent: z.number(),
  sha256: z.string(),
  /** What keeps that host from running it, as far as is known. */
  problems: z.array(modelProblem),
})
export type SentModel = z.infer<typeof sentModel>

export const modelTransfer = z.object({
  lab: z.string(),
  host: hostName,
  name: modelName,
  /** Bytes that are on the host, those of an earlier attempt included. */
  bytesDone: z.number(),
  bytes: z.number(),
})
export type ModelTransfer = z.infer<typeof modelTransfer>

export const modelApi = {
  methods: {
    /**
     * Put a model's file of this machine on a host; goes on where an earlier attempt ended. Its progress comes as events, cancelling the
     * call ends it.
     */
    sendModel: { params: onHost.extend({ file: z.string(), name: modelName }), result: sentModel },
    hostModels: { params: onHost, result: z.object({ host: hostName, models: z.array(hostModel) }) },
    removeHostModel: { params: onHost.extend({ name: modelName }), result: hostModel },
  },
  events: {
    modelTransfer,
  },
}
