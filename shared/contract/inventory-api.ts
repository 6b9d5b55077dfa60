import { z } from 'zod'
import { hostName, inventory, labName } from '../inventory/inventory'
import { fileProblem } from './problem'

/** The part of the console's contract about inventories of SSH hosts, their keys and secrets. Composed into `consoleApi`. */

const nothing = z.object({})
const done = z.null()

export const labRef = z.object({ lab: labName })
export const hostRef = labRef.extend({ host: hostName })
/** A host or a jump host of the lab. */
const targetRef = labRef.extend({ target: hostName })

/** Problems of one file that a list of labs tells; the editor has all of them. */
export const shownProblems = 20

export const inventorySummary = z.object({
  name: labName,
  description: z.string(),
  satelliteHosts: z.int(),
  inferenceHosts: z.int(),
  /** Why its file cannot be used, with its name and the line, or null. */
  problem: z.string().nullable(),
  /** What is wrong in the file, in its order; empty where it is well, and where it cannot even be read. */
  problems: z.array(fileProblem).max(shownProblems),
})
export type InventorySummary = z.infer<typeof inventorySummary>

/** A host of the user's own SSH configuration. */
export const sshConfigHost = z.object({
  alias: z.string(),
  address: z.string(),
  port: z.int(),
  user: z.string().nullable(),
  keyFile: z.string().nullable(),
  /** Aliases of ProxyJump, the first one is reached directly. */
  jump: z.array(z.string()),
})
export type SshConfigHost = z.infer<typeof sshConfigHost>

export const hostKey = z.object({
  /** The host or jump host that shows it. */
  target: z.string(),
  address: z.string(),
  port: z.int(),
  algorithm: z.string(),
  /** As OpenSSH prints it: SHA256: and base64 without padding. */
  fingerprint: z.string(),
})
export type HostKey = z.infer<typeof hostKey>

/** What a user may have to give: for a login, for a private key, for sudo, or answers to what the server asks. */
export const secretKinds = ['password', 'passphrase', 'sudo', 'answers'] as const
export const secretKind = z.enum(secretKinds)
export type SecretKind = z.infer<typeof secretKind>

/** `details` of the error `host_key_unknown`. */
export const unknownHostKey = hostKey.extend({ lab: z.string() })
/** The store of keys that users of this console have accepted. */
export const consoleKeyStore = 'console'

/** `details` of the error `host_key_changed`. */
export const changedHostKey = unknownHostKey.extend({
  /** The key that was accepted before. */
  known: z.object({ algorithm: z.string(), fingerprint: z.string() }),
  /** Where that one is kept: `console`, whose keys can be forgotten here, or a file of the user's in OpenSSH's format. */
  store: z.string(),
})
/** `details` of the error `secret_needed`. */
export const neededSecret = z.object({
  lab: z.string(),
  target: z.string(),
  secret: secretKind,
  /** Of a passphrase: the private key. */
  keyFile: z.string().nullable(),
  /** Of `answers`: what the server asks; `echo` false = hide what is typed. */
  prompts: z.array(z.object({ text: z.string(), echo: z.boolean() })),
  /** True when the one that was given before is wrong. */
  wasWrong: z.boolean(),
})
export type NeededSecret = z.infer<typeof neededSecret>

export const secretStorage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('keychain'), name: z.string() }),
  /** Secrets are kept in memory until the program ends, never in clear on disk. */
  z.object({ kind: z.literal('memory'), why: z.string() }),
])
export type SecretStorage = z.infer<typeof secretStorage>

export const inventoryApi = {
  methods: {
    inventories: { params: nothing, result: z.array(inventorySummary) },
    inventory: { params: labRef, result: inventory },
    /** `replaces`: the name that it had before; null = it is new, and no lab has its name. */
    saveInventory: {
      params: z.object({ inventory, replaces: labName.nullable() }),
      result: done,
    },
    /** Also forgets the lab's secrets; what is installed on its hosts stays there. */
    deleteInventory: { params: labRef, result: done },
    /** Read an inventory from YAML, or tell everything that is wrong with it. */
    parseInventory: {
      params: z.object({ yaml: z.string() }),
      result: z.object({ inventory: inventory.nullable(), problems: z.array(fileProblem) }),
    },
    /**
     * The inventory as a YAML file; it holds no secret. A file that cannot be used comes as it is, with everything that is wrong in it: to be
     * repaired.
     */
    inventoryYaml: { params: labRef, result: z.object({ yaml: z.string(), problems: z.array(fileProblem) }) },
    /** Hosts of an OpenSSH client configuration; null = the user's own. */
    sshConfigHosts: { params: z.object({ file: z.string().nullable() }), result: z.array(sshConfigHost) },

    secretStorage: { params: nothing, result: secretStorage },
    /** `remember` puts it into the keychain; it is refused where there is none. Answers are used once. */
    giveSecret: {
      params: targetRef.extend({
        secret: secretKind,
        values: z.array(z.string()).min(1).max(20),
        remember: z.boolean(),
      }),
      result: done,
    },
    /** Null = of every host of the lab. */
    forgetSecrets: { params: labRef.extend({ target: hostName.nullable() }), result: done },

    /** Keys that this console has accepted for the lab's hosts. */
    hostKeys: { params: labRef, result: z.array(hostKey) },
    /** Accept the key that the host shows now, if it has this fingerprint. */
    acceptHostKey: { params: targetRef.extend({ fingerprint: z.string() }), result: done },
    /** Forget the accepted key of a host, so that the next one is asked for. */
    forgetHostKey: { params: targetRef, result: done },
    /** Connect, authenticate, and part again. */
    checkConnection: {
      params: hostRef,
      result: z.object({ roundTripMs: z.number(), serverVersion: z.string(), user: z.string() }),
    },
  },
  events: {
    /** Inventories were added, changed or removed. */
    inventoriesChanged: z.array(inventorySummary),
  },
}
