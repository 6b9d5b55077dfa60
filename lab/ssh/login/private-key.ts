import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'
import { SkyError } from '#shared/contract/errors'

/** What a private key file turned out to be. */
export type PrivateKey =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  /** It is encrypted, and no passphrase or a wrong one was given. */
  | { readonly kind: 'passphrase'; readonly wasWrong: boolean }

/** No private key is longer; another file must not be read into memory, bytes. */
const longestKeyFile = 256 * 1024
/** ssh2 knows this cipher for connections only. */
const unreadCipher = 'chacha20-poly1305@openssh.com'

/**
 * Read a private key: OpenSSH's own format, or PEM of RSA, DSA and EC keys.
 * @param name the file as the inventory names it, for messages
 * @param path where it is
 * @throws SkyError `authentication_failed` when it cannot be read or used, with the command that converts it
 */
export async function readPrivateKey(
  name: string,
  path: string,
  passphrase: string | null,
): Promise<PrivateKey> {
  const text = await readKeyFile(name, path)
  const unusable = unusableFormat(text, name)
  if (unusable) throw unusable
  if (openSshCipher(text) === unreadCipher) throw unsupported(name, `it is encrypted with ${unreadCipher}`)
  const encrypted = isEncrypted(text)
  if (encrypted && passphrase === null) return { kind: 'passphrase', wasWrong: false }
  const parsed = ssh2.utils.parseKey(text, passphrase ?? undefined) as ParsedKey | ParsedKey[] | Error
  if (parsed instanceof Error) {
    if (/unsupported (?!state)|not supported/i.test(parsed.message)) throw unsupported(name, parsed.message)
    if (encrypted) return { kind: 'passphrase', wasWrong: true }
    throw keyError(
      name,
      `is damaged: ${parsed.message}`,
      'Take the key from its backup, or make a new one with ssh-keygen.',
    )
  }
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (key?.isPrivateKey() === true) return { kind: 'key', key }
  throw keyError(
    name,
    'is a public key',
    `Name the file of the private key in the inventory: ${name.replace(/\.pub$/, '')}`,
  )
}

async function readKeyFile(name: string, path: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    if (bytes.length > longestKeyFile) throw new Error(`it has ${bytes.length} bytes`)
    return bytes.toString('utf8').trim()
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      throw keyError(
        name,
        'is not there',
        'Correct the file in the inventory, or make a key: ssh-keygen -t ed25519',
      )
    }
    throw keyError(name, `cannot be read: ${message}`, 'Correct the file in the inventory, or its rights.')
  }
}

/** Formats that are known by their first lines, and what turns them into one that can be read. */
function unusableFormat(text: string, name: string): SkyError | null {
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    return keyError(
      name,
      'is in the format PKCS#8, which cannot be read here',
      `Convert it in place, after a copy: ssh-keygen -p -f ${quoted}`,
    )
  }
  if (/^PuTTY-User-Key-File-/.test(text)) {
    return keyError(
      name,
      'is in the format of PuTTY (PPK), which cannot be read here',
      `Convert it: puttygen ${quoted} -O private-openssh -o ${quoted.replace(/(\.ppk)?'$/, `.key'`)} (in PuTTYgen: Conversions, Export OpenSSH key), or use Pageant with authentication by agent.`,
    )
  }
  if (/^---- BEGIN SSH2 (ENCRYPTED )?PRIVATE KEY ----/.test(text)) {
    return keyError(
      name,
      'is in the format of ssh.com, which cannot be read here',
      `Convert it: ssh-keygen -i -f ${quoted} > ${quoted.replace(/'$/, `.key'`)}`,
    )
  }
  if (/^-----BEGIN EC PARAMETERS-----/.test(text)) {
    return keyError(
      name,
      'is an EC key of OpenSSL with its parameters before it, which cannot be read here',
      `Convert it in place, after a copy: ssh-keygen -p -f ${quoted}`,
    )
  }
  if (isSecurityKey(text)) {
    return keyError(
      name,
      'needs a FIDO security key, which cannot be asked here',
      'Make a key without one for this lab: ssh-keygen -t ed25519 -f ~/.ssh/id_ed25519_lab, and put it on the hosts with ssh-copy-id.',
    )
  }
  return null
}

/** In OpenSSH's own format the public key stands in clear even if the private one is encrypted. */
function isSecurityKey(text: string): boolean {
  const body = openSshBody(text)
  return body !== null && /sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com/.test(body.toString('latin1'))
}

function isEncrypted(text: string): boolean {
  if (/^Proc-Type: 4,ENCRYPTED\r?$/m.test(text)) return true
  return !['none', null].includes(openSshCipher(text))
}

/** What a key in OpenSSH's own format is encrypted with; null for other formats. */
function openSshCipher(text: string): string | null {
  const body = openSshBody(text)
  if (body === null) return null
  // openssh-key-v1, zero, then the length and the name of the cipher.
  return body.subarray(19, 19 + body.readUInt32BE(15)).toString('latin1')
}

function openSshBody(text: string): Buffer | null {
  const found =
    /^-----BEGIN OPENSSH PRIVATE KEY-----\r?\n([\s\S]+?)\r?\n-----END OPENSSH PRIVATE KEY-----/.exec(text)
  if (!found) return null
  const body = Buffer.from(found[1] as string, 'base64')
  return body.length > 23 ? body : null
}

function unsupported(name: string, reason: string): SkyError {
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`
  return keyError(
    name,
    `cannot be used here: ${reason}`,
    `If it is encrypted with an uncommon cipher, encrypt it anew after a copy: ssh-keygen -p -f ${quoted} -Z aes256-ctr. Otherwise make another key: ssh-keygen -t ed25519`,
  )
}

function keyError(name: string, what: string, hint: string): SkyError {
  return new SkyError('authentication_failed', `The key file ${name} ${what}`, hint, { keyFile: name })
}
