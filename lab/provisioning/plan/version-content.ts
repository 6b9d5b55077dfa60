import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { AgentConfig } from '#shared/contract/agent-config'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { HostLayout } from '../host-layout'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** What an agent is told at its start. */
export function agentConfigOf(host: InventoryHost, layout: HostLayout): AgentConfig {
  const common = {
    hostId: host.name,
    control: layout.controlSocket,
    tls: {
      authority: posix.join(layout.tls, 'ca.pem'),
      certificate: posix.join(layout.tls, 'certificate.pem'),
      key: posix.join(layout.tls, 'key.pem'),
    },
  }
  if (host.role === 'inference') {
    const llama = host.models ? { packageFolder: layout.llama, modelsDirectory: layout.models } : null
    return { role: 'inference', ...common, journalDirectory: layout.journals, llama }
  }
  return {
    role: 'satellite',
    ...common,
    bind: bindAddress(host.data_address ?? host.address),
    port: host.data_port,
  }
}

/** All of the machine's addresses: which of them others use is not known there. Certificates decide who may come in. */
function bindAddress(reachedAs: string): string {
  return reachedAs.includes(':') ? '::' : '0.0.0.0'
}

/** What makes a version what it is. */
export interface VersionContent {
  readonly agentVersion: string
  readonly agentSha256: string
  /** Where `node` points to, and which Node that is. */
  readonly node: string
  readonly nodeVersion: string
  readonly config: string
  readonly unit: string
  /** Of a host that runs models: SHA-256 of the program that does, and where `llama` points to. */
  readonly models: { readonly sha256: string; readonly llama: string } | null
}

/** Equal names mean equal content: the program's version for people, and part of a checksum over everything. */
export function versionName(content: VersionContent): string {
  const { agentSha256, node, nodeVersion, config, unit, models } = content
  const parts = [agentSha256, node, nodeVersion, config, unit, models?.sha256 ?? '', models?.llama ?? '']
  return `${content.agentVersion}-${sha256(JSON.stringify(parts)).slice(0, 12)}`
}
