import { ApiError } from './api-error'

/**
 * Parameters of OpenAI's API, and of vLLM's, that would change the answer and that this server cannot honour, with the values that
 * ask for nothing. What changes no answer, such as `user`, is ignored instead.
 */
const neutralValues: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  best_of: [1],
  echo: [false],
  suffix: [''],
  logprobs: [false, 0],
  top_logprobs: [0],
  prompt_logprobs: [0],
  logit_bias: [{}],
  presence_penalty: [0],
  frequency_penalty: [0],
  repetition_penalty: [1],
  top_k: [0, -1],
  min_p: [0],
  min_tokens: [0],
  ignore_eos: [false],
  stop_token_ids: [[]],
  use_beam_search: [false],
  response_format: [{ type: 'text' }],
  tools: [[]],
  tool_choice: ['auto', 'none'],
  functions: [[]],
  function_call: ['auto', 'none'],
  modalities: [['text']],
  audio: [],
  web_search_options: [],
}

/** @throws ApiError 400 unsupported_parameter, of the first one that asks for something */
export function refuseUnsupported(body: object): void {
  for (const [name, value] of Object.entries(body)) {
    const neutral = Object.hasOwn(neutralValues, name) ? neutralValues[name] : undefined
    if (neutral === undefined || value === null) continue
    const texts = neutral.map((each) => JSON.stringify(each))
    if (texts.includes(JSON.stringify(value))) continue
    const how = texts.length === 0 ? 'not supported' : `supported as ${texts.join(' or ')} only`
    throw new ApiError(400, `${name} is ${how}: leave it out`, { code: 'unsupported_parameter', param: name })
  }
}
