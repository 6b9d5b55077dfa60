import type { Document } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import { SessionWorkload } from '#shared/simulation/system/session-workload'
import { SystemSimulation, type SystemSimulationOptions } from '#shared/simulation/system/system-simulation'
import { TraceWorkload } from '#shared/simulation/system/trace-workload'
import type { Workload } from '#shared/simulation/system/workload'
import type { TraceBatch } from '#shared/simulation/traces/trace-batch'
import { planConversationsAtOnce } from '#shared/workload/conversations'
import { beginOfText, tokenise } from '#shared/workload/llama-tokenizer'

export interface TrialToSimulate {
  readonly seed: number
  readonly parameters: ParameterValues
  /** Of the conversations; not needed for a trace. */
  readonly documents: readonly Document[]
  /** Null: the experiment's own conversations. */
  readonly trace: TraceBatch | null
  /** Content of `tle_file`; empty for other orbits. */
  readonly tleText: string
  /** Unix ms at which the simulated time begins. */
  readonly startedAtMs: number
}

/** The simulation of a trial, ready to go. @throws SkyError as the workload's makers, and where trace and blocks do not fit */
export function trialSimulation(
  { seed, parameters, documents, trace, tleText, startedAtMs }: TrialToSimulate,
  hooks: Pick<SystemSimulationOptions, 'onRecord' | 'onSample' | 'recordRoutes'>,
): SystemSimulation {
  const workload = trace === null ? conversations(seed, parameters, documents) : traced(trace, parameters)
  return new SystemSimulation({ parameters, seed, workload, tleText, startedAtMs, ...hooks })
}

function conversations(seed: number, parameters: ParameterValues, documents: readonly Document[]): Workload {
  const sessions = planConversationsAtOnce({ seed, parameters, documents, beginOfText }, tokenise)
  return new SessionWorkload(sessions, parameters)
}

function traced(trace: TraceBatch, { block_tokens }: ParameterValues): Workload {
  if (trace.blockTokens !== block_tokens) {
    throw new SkyError(
      'invalid_experiment',
      `block_tokens is ${block_tokens}, but a block of the trace has ${trace.blockTokens} tokens`,
      `Set block_tokens to ${trace.blockTokens}.`,
    )
  }
  return new TraceWorkload(trace)
}
