import { z } from 'zod'

/**
 * The hosts of a lab and how they are reached, as written in its YAML file and as kept by the console.
 * It never holds a secret: passwords and passphrases are asked for, or come from the keychain, an agent or the environment.
 */

/** Names of labs and hosts also name folders, files and units on the hosts. */
export const labName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'small letters, digits and -, at most 40')
export const hostName = labName

/** Free text that goes to another machine: anything but control characters, and no option of a program. */
const oneLine = z
  .string()
  .min(1)
  .max(1_000)
  .regex(/^[^\p{Cc}]*$/u, 'no control characters')
const notAnOption = oneLine.regex(/^[^-]/, 'does not begin with -')

export const authenticationKinds = ['agent', 'key', 'password', 'keyboard_interactive'] as const

export const authentication = z.discriminatedUnion('kind', [
  /** `socket`: of the agent; absent = SSH_AUTH_SOCK, on Windows the OpenSSH pipe, else Pageant. */
  z.strictObject({ kind: z.literal('agent'), socket: oneLine.optional() }),
  /** `file`: the private key on the console's machine; ~ is the user's home. */
  z.strictObject({ kind: z.literal('key'), file: oneLine }),
  z.strictObject({ kind: z.literal('password') }),
  z.strictObject({ kind: z.literal('keyboard_interactive') }),
])
export type Authentication = z.infer<typeof authentication>

const sshTarget = {
  name: hostName,
  /** Host name or IP address of the SSH server. */
  address: notAnOption,
  port: z.int().min(1).max(65_535).default(22),
  user: notAnOption,
  authentication: authentication.default({ kind: 'agent' }),
}

/** An SSH server on the way to others. */
export const jumpHost = z.strictObject(sshTarget)
export type JumpHost = z.infer<typeof jumpHost>

export const serviceChoices = ['auto', 'system', 'user', 'detached'] as const
/** How an agent is kept running: a systemd system unit, a systemd user unit with lingering, a supervised process. */
export const serviceKinds = ['system', 'user', 'detached'] as const
export type ServiceKind = (typeof serviceKinds)[number]

export const longestJumpChain = 3
export const defaultDataPort = 7_420

const anyHost = {
  ...sshTarget,
  /** Names of jump hosts, the first one is reached directly. */
  jump: z.array(hostName).max(longestJumpChain).default([]),
  /** How the agent is kept running; `auto` = the first of system, user and detached that the host allows. */
  service: z.enum(serviceChoices).default('auto'),
  /** Use a fitting Node of the host instead of bringing one. */
  host_node: z.boolean().default(false),
}

export const satelliteHost = z.strictObject({
  role: z.literal('satellite'),
  ...anyHost,
  /** Planes that it carries; absent = the planes are divided among the satellite hosts in their order. */
  planes: z.array(z.int().min(0)).min(1).optional(),
  /** Where other hosts of the lab reach it; absent = the SSH address. */
  data_address: notAnOption.optional(),
  data_port: z.int().min(1).max(65_535).default(defaultDataPort),
})

export const inferenceHost = z.strictObject({
  role: z.literal('inference'),
  ...anyHost,
  /** It runs real models: llama.cpp is brought to it, and models are put on it by `skymemory model add`. */
  models: z.boolean().default(false),
})

export const inventoryHost = z.discriminatedUnion('role', [satelliteHost, inferenceHost])
export type InventoryHost = z.infer<typeof inventoryHost>
export type SatelliteInventoryHost = z.infer<typeof satelliteHost>

/** The shape of an inventory. What concerns several values at once is checked by `inventoryProblems`. */
export const inventory = z.strictObject({
  name: labName,
  description: z.string().max(10_000).default(''),
  hosts: z.array(inventoryHost).min(1).max(1_000),
  jump_hosts: z.array(jumpHost).max(100).default([]),
})
export type Inventory = z.infer<typeof inventory>
