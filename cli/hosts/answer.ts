import { neededSecret, unknownHostKey, type NeededSecret } from '#shared/contract/inventory-api'
import type { ConsoleApi } from '#shared/contract/console-api'
import { fromErrorBody, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import type { Client } from '#shared/contract/rpc'
import { printable } from '#shared/text/printable'
import { environmentVariable } from '#lab/secrets/secret'
import type { CommandContext } from '../context'
import type { Terminal } from '../output/terminal'

/** Where answers come from: the environment, then a person at a terminal, else nowhere. */
export interface Answers {
  readonly client: Client<ConsoleApi>
  readonly terminal: Terminal
  /** Of environment variables, by their names. */
  readonly secrets: ReadonlyMap<string, string>
  /** Null where nobody can be asked. */
  readonly prompts: Prompts | null
}

export interface Prompts {
  confirm(message: string): Promise<boolean>
  hidden(message: string): Promise<string>
  shown(message: string): Promise<string>
}

/** Questions on the terminal; null where there is none. */
export function terminalPrompts(): Prompts | null {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null
  const context = { output: process.stderr }
  return {
    confirm: async (message) =>
      (await import('@inquirer/prompts')).confirm({ message, default: false }, context),
    hidden: async (message) => (await import('@inquirer/prompts')).password({ message }, context),
    shown: async (message) => (await import('@inquirer/prompts')).input({ message }, context),
  }
}

/** Who answers in a command. */
export function answersOf({ terminal, secrets }: CommandContext, client: Client<ConsoleApi>): Answers {
  return { client, terminal, secrets, prompts: terminalPrompts() }
}

/** Make the call, answer what it needs, and make it again. @throws SkyError what nobody could answer */
export async function answering<T>(answers: Answers, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (thrown) {
      const error = toErrorBody(thrown)
      if (!(await answer(answers, error))) throw fromErrorBody(error)
    }
  }
}

/** @returns whether the call that failed with this is worth to be made again */
export async function answer(answers: Answers, error: ErrorBody): Promise<boolean> {
  switch (error.code) {
    case 'host_key_unknown':
      return acceptKey(answers, error)
    case 'secret_needed':
      return giveSecret(answers, error)
    default:
      return false
  }
}

async function acceptKey({ client, terminal, prompts }: Answers, error: ErrorBody): Promise<boolean> {
  const key = unknownHostKey.safeParse(error.details)
  if (!key.success || !prompts) return false
  const { lab, target, address, port, algorithm, fingerprint } = key.data
  terminal.err(`${target} (${address}:${port}) shows a key that is not known: ${algorithm} ${fingerprint}`)
  terminal.err('Compare it on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')
  if (!(await prompts.confirm('Is it the same?'))) return false
  await client.call('acceptHostKey', { lab, target, fingerprint })
  return true
}

async function giveSecret(
  { client, terminal, secrets, prompts }: Answers,
  error: ErrorBody,
): Promise<boolean> {
  const needed = neededSecret.safeParse(error.details)
  if (!needed.success) return false
  const { lab, target, secret, wasWrong } = needed.data
  const variable = environmentVariable(secret, target)
  const fromEnvironment = variable === null ? undefined : secrets.get(variable)
  let values: string[] | null = null
  if (fromEnvironment !== undefined && !wasWrong) values = [fromEnvironment]
  else if (prompts) {
    terminal.err(error.message)
    values = await ask(prompts, needed.data)
  }
  if (values === null || values.length === 0) return false
  await client.call('giveSecret', { lab, target, secret, values, remember: false })
  return true
}

async function ask(
  prompts: Prompts,
  { target, secret, keyFile, prompts: questions }: NeededSecret,
): Promise<string[]> {
  switch (secret) {
    case 'password':
      return [await prompts.hidden(`Password of ${target}:`)]
    case 'sudo':
      return [await prompts.hidden(`Password for sudo on ${target}:`)]
    case 'passphrase':
      return [await prompts.hidden(`Passphrase of ${keyFile ?? 'the key'}:`)]
    case 'answers': {
      const values: string[] = []
      for (const { text, echo } of questions) {
        const question = printable(text).trim()
        values.push(await (echo ? prompts.shown(question) : prompts.hidden(question)))
      }
      return values
    }
  }
}
