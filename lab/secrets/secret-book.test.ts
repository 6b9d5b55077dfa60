import { describe, expect, it } from 'vitest'
import { memoryVault } from '../testing/memory-vault'
import type { SecretName } from './secret'
import { SecretBook } from './secret-book'
import { emptyVault } from './secret-vault'

const password: SecretName = { lab: 'a', kind: 'password', target: 'nuc1' }
const sudo: SecretName = { lab: 'a', kind: 'sudo', target: 'nuc1' }

describe('SecretBook', () => {
  it('keeps what is given, each kind for itself', async () => {
    const book = new SecretBook(emptyVault('there is no keychain'))
    expect(await book.get(password)).toBeNull()
    await book.give(password, 'one', false)
    expect(await book.get(password)).toBe('one')
    expect(await book.get(sudo)).toBeNull()
    expect(await book.get({ ...password, lab: 'b' })).toBeNull()
  })

  it('shares a passphrase among hosts that share the key', async () => {
    const book = new SecretBook(emptyVault(''))
    const name = { lab: 'a', kind: 'passphrase', keyFile: '~/.ssh/id' } as const
    await book.give({ ...name, target: 'nuc1' }, 'open', false)
    expect(await book.get({ ...name, target: 'nuc2' })).toBe('open')
  })

  it('does not hand out what was refused, until it is given again', async () => {
    const vault = memoryVault()
    const book = new SecretBook(vault)
    await book.give(password, 'old', true)
    await book.refuse(password)
    expect(await book.get(password)).toBeNull()
    expect(book.isWrong(password)).toBe(true)
    // A lab that was out of order for a while must not cost the user what is remembered.
    expect(await vault.get(password)).toBe('old')
    await book.give(password, 'old', false)
    expect(await book.get(password)).toBe('old')
    expect(book.isWrong(password)).toBe(false)
  })

  it('remembers beyond the program only what it is told to', async () => {
    const vault = memoryVault()
    const book = new SecretBook(vault)
    await book.give(password, 'kept', true)
    await book.give(sudo, 'not kept', false)
    const next = new SecretBook(vault)
    expect([await next.get(password), await next.get(sudo)]).toEqual(['kept', null])
    await expect(new SecretBook(emptyVault('no keyring')).give(password, 'x', true)).rejects.toMatchObject({
      code: 'not_supported',
      message: 'Secrets cannot be remembered: no keyring',
    })
  })

  it('uses answers once', () => {
    const book = new SecretBook(emptyVault(''))
    book.giveAnswers('a', 'nuc1', ['1', '2'])
    expect(book.takeAnswers('a', 'nuc2')).toBeNull()
    expect(book.takeAnswers('a', 'nuc1')).toEqual(['1', '2'])
    expect(book.takeAnswers('a', 'nuc1')).toBeNull()
  })

  it('forgets single secrets, and those of a lab', async () => {
    const vault = memoryVault()
    const book = new SecretBook(vault)
    const other = { ...password, lab: 'ab' }
    for (const name of [password, sudo, other]) await book.give(name, 'x', true)
    book.giveAnswers('a', 'nuc1', ['x'])
    await book.forget([password])
    expect([await book.get(password), await book.get(sudo), await vault.get(password)]).toEqual([
      null,
      'x',
      null,
    ])
    book.giveAnswers('a', 'nuc1', ['x'])
    await book.forgetLab('a')
    expect([await book.get(sudo), await vault.get(sudo), book.takeAnswers('a', 'nuc1')]).toEqual([
      null,
      null,
      null,
    ])
    expect(await book.get(other)).toBe('x')
  })
})
