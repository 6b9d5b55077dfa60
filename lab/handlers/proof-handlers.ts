import type { ConsoleApi } from '#shared/contract/console-api'
import type { proofApi } from '#shared/contract/proof-api'
import type { EventPayload, Handlers } from '#shared/contract/rpc'
import type { HostProofs } from '../verify/host-proofs'
import { signalOf } from './call-signal'

export interface ProofHandlerOptions {
  readonly proofs: Pick<HostProofs, 'prove'>
  readonly onProgress: (progress: EventPayload<ConsoleApi, 'proofProgress'>) => void
}

export function proofHandlers({
  proofs,
  onProgress,
}: ProofHandlerOptions): Pick<Handlers<ConsoleApi>, keyof (typeof proofApi)['methods']> {
  return {
    proveModel: ({ lab, question }, context) =>
      proofs.prove(lab, question, signalOf(context), (progress) => onProgress({ lab, progress })),
  }
}
