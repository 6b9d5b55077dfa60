import { z } from 'zod'

const tokenCount = z.int().min(1)

/** The parts of the OpenAI request bodies that this server understands; of the others, see `refuseUnsupported`. */
const common = z.object({
  model: z.string(),
  max_tokens: tokenCount.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  stop: z
    .union([z.string(), z.array(z.string()).max(4)], 'it must be a text, or a list of up to 4')
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
})

/** What both endpoints understand. */
export type CommonBody = z.infer<typeof common>

const tokens = z.array(z.int().min(0)).min(1)
/** Text or tokens; a list of prompts when it holds one. */
const prompt = z.union(
  [z.string(), tokens, z.array(z.union([z.string(), tokens])).length(1)],
  'it must be a text or a list of tokens; only one prompt a request is supported, and not one of no tokens',
)

export const completionBody = common.extend({ prompt })
export type CompletionBody = z.infer<typeof completionBody>

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union(
    [z.string(), z.array(textPart)],
    'it must be a text, or a list of parts of the type "text": images, sound and calls of tools are not supported',
  ),
})
export type ChatMessage = z.infer<typeof message>

export const chatBody = common.extend({
  messages: z.array(message).min(1),
  max_completion_tokens: tokenCount.nullish(),
})
export type ChatBody = z.infer<typeof chatBody>

export function onlyPrompt(given: CompletionBody['prompt']): string | readonly number[] {
  if (typeof given === 'string') return given
  const [first] = given
  return typeof first === 'string' || Array.isArray(first) ? first : (given as number[])
}

export function messageText({ content }: ChatMessage): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}
