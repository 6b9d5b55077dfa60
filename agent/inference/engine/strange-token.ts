import type { ModelInfo } from './engine'

/** What is wrong with a prompt whose tokens the model does not all have; null = nothing. */
export function strangeToken({ vocabulary }: ModelInfo, prompt: readonly number[]): string | null {
  if (vocabulary === null) return null
  const stranger = prompt.find((token) => token >= vocabulary)
  return stranger === undefined
    ? null
    : `the model has no token ${stranger}: its vocabulary has ${vocabulary}`
}
