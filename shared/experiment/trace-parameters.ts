import { real, simulated } from './parameter-kinds'

/** The prefix model of an experiment that declares none: a trace that needs one is refused. */
export const undeclaredPrefixModel = 'undeclared'

/** The requests of a recorded workload, and what is supposed where its file says nothing; docs/traces.md explains. */
export const traceParameters = {
  trace: simulated({
    kind: 'text',
    group: 'workload',
    label: 'Trace',
    default: 'none',
    help: 'none: the conversations below. Else the path of a request trace, whose requests come at its own times.',
  }),
  trace_prefix_model: simulated({
    kind: 'text',
    group: 'workload',
    label: 'Prefix model',
    default: undeclaredPrefixModel,
    help: 'What prompts of the trace have in common where it does not say (Azure, BurstGPT): none, shared:TOKENS (one system prompt) or session (turns extend each other).',
  }),
  trace_arrival_rate: simulated(
    real(
      'workload',
      'Arrival rate',
      [0, 1e6],
      '1/s',
      0,
      'Mean rate of Poisson arrivals where the trace has no times: of conversations (ShareGPT), of rows (AIPerf). 0 = not declared.',
    ),
  ),
} as const
