import type { NeededSecret, SecretKind } from '#shared/contract/inventory-api'
import { SkyError } from '#shared/contract/errors'

/** One secret of a lab. The passphrase of a key belongs to its file: hosts that share the key share it. */
export type SecretName =
  | { readonly lab: string; readonly kind: 'password' | 'sudo'; readonly target: string }
  | { readonly lab: string; readonly kind: 'passphrase'; readonly target: string; readonly keyFile: string }

/** One text for a secret: lab, kind, and whom or what it belongs to. Names of labs hold no slash. */
export function secretKey(name: SecretName): string {
  return `${name.lab}/${name.kind}/${name.kind === 'passphrase' ? name.keyFile : name.target}`
}

/** What logins and installations ask for secrets. */
export interface SecretSource {
  /** Null = it was not given yet, or what was given is wrong. */
  get(name: SecretName): Promise<string | null>
  /** True once the value that `get` returned was refused, until another one is given. */
  isWrong(name: SecretName): boolean
  /** What `get` returned was refused: it is not used again, so that no account is locked by repeating it. */
  refuse(name: SecretName): Promise<void>
  /** Answers to what a server asks; they are used once. */
  takeAnswers(lab: string, target: string): readonly string[] | null
}

const words: Record<SecretKind, string> = {
  password: 'password',
  passphrase: 'passphrase',
  sudo: 'password for sudo',
  answers: 'answers to its questions',
}

/** `secret_needed`: whoever asked gives the secret, and asks again. */
export function secretNeeded(
  { lab, kind, target, keyFile }: { lab: string; kind: SecretKind; target: string; keyFile?: string },
  wasWrong: boolean,
  prompts: NeededSecret['prompts'] = [],
): SkyError {
  const details: NeededSecret = { lab, target, secret: kind, keyFile: keyFile ?? null, prompts, wasWrong }
  const subject = keyFile === undefined ? target : `the key ${keyFile} for ${target}`
  const message = wasWrong
    ? `The ${words[kind]} of ${subject} is wrong`
    : kind === 'answers'
      ? `${target} asks: ${prompts.map(({ text }) => text.trim()).join(' ')}`
      : `The ${words[kind]} of ${subject} is needed`
  const variable = environmentVariable(kind, target)
  const hint =
    variable === null
      ? 'Answer when asked in a terminal or in the window.'
      : `Type it when asked, or set ${variable} for the command line.`
  return new SkyError('secret_needed', message, hint, details)
}

/** The environment variable of the command line for a secret of a host; null where there is none. */
export function environmentVariable(kind: SecretKind, target: string): string | null {
  return kind === 'answers'
    ? null
    : `SKYMEMORY_${kind.toUpperCase()}_${target.toUpperCase().replaceAll('-', '_')}`
}
