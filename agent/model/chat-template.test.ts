import { expect, test } from 'vitest'
import { renderChat } from './chat-template'

const zephyr =
  "{% for m in messages %}{{ '<|' + m['role'] + '|>\\n' + m['content'] + eos_token + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
const special = { bos: '<s>', eos: '</s>' }

test('a chat is written as the template says, up to where the model answers', () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi {{ bos_token }}' },
  ]
  expect(renderChat(zephyr, messages, special)).toBe(
    '<|system|>\nBe brief.</s>\n<|user|>\nHi {{ bos_token }}</s>\n<|assistant|>\n',
  )
})

test('a longer chat begins with the shorter one', () => {
  const [first, answer, second] = [
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: 'Two.' },
    { role: 'user', content: 'Three?' },
  ] as const
  const short = renderChat(zephyr, [first], special)
  expect(renderChat(zephyr, [first, answer, second], special).startsWith(short)).toBe(true)
})

test('a model without a template says so', () => {
  expect(() => renderChat(undefined, [{ role: 'user', content: 'x' }], special)).toThrow(
    expect.objectContaining({
      code: 'not_supported',
      hint: expect.stringContaining('/v1/completions') as string,
    }),
  )
})

test('a template may refuse a chat, and says why', () => {
  const strict = "{{ raise_exception('Roles must alternate') }}"
  expect(() => renderChat(strict, [{ role: 'user', content: 'x' }], special)).toThrow(/Roles must alternate/)
})
