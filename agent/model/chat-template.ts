import { Template } from '@huggingface/jinja'
import { SkyError } from '#shared/contract/errors'

export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** A chat as its model's template writes it, up to where the model answers. */
export function renderChat(
  template: string | undefined,
  messages: readonly ChatMessage[],
  { bos, eos }: { bos: string; eos: string },
): string {
  if (template === undefined) {
    const message = 'the model has no chat template'
    throw new SkyError('not_supported', message, 'Use /v1/completions, or a model that was made for chats.')
  }
  try {
    return new Template(template).render({
      messages,
      bos_token: bos,
      eos_token: eos,
      add_generation_prompt: true,
    })
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('invalid_argument', `the model's chat template refuses this chat: ${why}`)
  }
}
