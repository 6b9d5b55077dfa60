import type { ParsedState } from './parse-state'
import { badState, isSameLayout, type StateLayout } from './state-layout'

/**
 * Whether a state is that of this model behind this prompt: what another sequence left, or is shifted, must not be stored as blocks of it.
 * @param layout as the model was seen to keep its KV when it was loaded
 * @param prompt all its tokens; those of the answer may follow
 * @throws SkyError engine_failed
 */
export function checkState(state: ParsedState, layout: StateLayout, prompt: readonly number[]): void {
  if (!isSameLayout(state.layout, layout)) {
    throw badState('its keys and values are kept in another layout than the model has')
  }
  if (state.tokens.length < prompt.length) {
    throw badState(`it holds ${state.tokens.length} tokens of a prompt of ${prompt.length}`)
  }
  const wrong = prompt.findIndex((token, i) => state.tokens[i] !== token)
  if (wrong === -1) return
  throw badState(`its token ${wrong} is ${state.tokens[wrong]} instead of ${prompt[wrong]}`)
}
