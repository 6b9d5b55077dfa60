import { connect } from 'node:net'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { defaultParameters, type ParameterValues } from '#shared/experiment/parameters'
import { blockHashes } from '#shared/kvc/block-hash'
import { chunkCount, chunkRange } from '#shared/kvc/chunks'
import { blockBytes } from '#agent/inference/engine/synthetic-engine'
import { InferenceHost } from '#agent/inference/inference-host'
import { createLog } from '#agent/log'
import { startTestLab, type TestLab } from '#agent/testing/agent-process'
import { TestAuthority } from '#agent/testing/test-authority'
import { tlsWire } from '#agent/transport/tls-wire'
import { plainWire, type Wire } from '#agent/transport/wire'
import { compareThroughput, type Throughput } from './measure'
import { startRedis, startStreamServer } from './processes'

/** TinyLlama-1.1B at f16: 128 tokens of 22,528 B. */
const bytes = 2_883_584
const chunkBytes = 12_288
const repetitions = 600

export interface FetchReport {
  readonly blockBytes: number
  readonly chunkBytes: number
  readonly chunks: number
  readonly servers: number
  readonly skymemory: Throughput
  /** The same over mutual TLS 1.3, as between real hosts. */
  readonly skymemoryOverTls: Throughput
  readonly bareTcpStream: Throughput
  /** null: no redis-server is installed. */
  readonly redisMget: Throughput | null
  readonly redisPipelinedGet: Throughput | null
  readonly ratioToRedisMget: number | null
  readonly ratioToBareTcpStream: number
  /** What TLS leaves of the throughput without it. */
  readonly ratioOfTls: number
}

/**
 * Fetch of one block in chunks from the 9 servers of a local lab, checksum included, beside what ioredis and a bare
 * TCP stream reach with the same bytes on the same machine in the same run.
 */
export async function benchFetchBlock(): Promise<FetchReport> {
  const parameters: ParameterValues = {
    ...defaultParameters,
    servers: 9,
    chunk_bytes: chunkBytes,
    link_delay: 'off',
  }
  const { slots, planes } = parameters
  const lab = await startTestLab(slots, planes)
  const authority = await TestAuthority.create()
  const secureLab = await startTestLab(slots, planes, planes, { authority })
  const redis = await startRedis()
  const stream = await startStreamServer(bytes)
  const cleanUp: (() => void)[] = []
  try {
    const skymemory = await skymemoryFetch(lab, parameters, plainWire)
    const wire = tlsWire(await authority.issue('jetson'))
    const skymemoryOverTls = await skymemoryFetch(secureLab, parameters, wire)
    const ways: Record<string, () => Promise<void>> = {
      skymemory,
      skymemoryOverTls,
      bareTcpStream: await streamFetch(stream.port, cleanUp),
      ...(redis === null ? {} : await redisFetches(redis.port, cleanUp)),
    }
    const result = await compareThroughput(bytes, ways, repetitions)
    const mget = result['redisMget'] ?? null
    const own = result['skymemory'] as Throughput
    const overTls = result['skymemoryOverTls'] as Throughput
    const bare = result['bareTcpStream'] as Throughput
    return {
      blockBytes: bytes,
      chunkBytes,
      chunks: chunkCount(bytes, chunkBytes),
      servers: parameters.servers,
      skymemory: own,
      skymemoryOverTls: overTls,
      bareTcpStream: bare,
      redisMget: mget,
      redisPipelinedGet: result['redisPipelinedGet'] ?? null,
      ratioToRedisMget: mget === null ? null : own.bytesPerS / mget.bytesPerS,
      ratioToBareTcpStream: own.bytesPerS / bare.bytesPerS,
      ratioOfTls: overTls.bytesPerS / own.bytesPerS,
    }
  } finally {
    for (const step of cleanUp) step()
    redis?.child.kill()
    stream.child.kill()
    await lab.stop()
    await secureLab.stop()
  }
}

/** The inference host's own client, in this process, which takes the place of the lab's inference host. */
async function skymemoryFetch(
  lab: TestLab,
  parameters: ParameterValues,
  wire: Wire,
): Promise<() => Promise<void>> {
  const gone = once(lab.inference.child, 'exit')
  lab.inference.child.stdin?.end()
  await gone
  const trial = { trialKey: 'bench', parameters }
  await Promise.all(lab.satellites.map((satellites) => satellites.control.call('prepareTrial', trial)))
  const topology = await lab.topology()
  const host = new InferenceHost(
    'jetson',
    '/nonexistent',
    createLog(() => undefined),
    wire,
  )
  host.configure(topology)
  while (host.transport.connectedPeers().length < topology.peers.length) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { kvc, engine } = await host.openModel(parameters)
  if (kvc === null) throw new Error('the bench needs the cache')
  const tokens = Array.from({ length: parameters.block_tokens }, (_, i) => i)
  const [hash] = blockHashes(tokens, parameters.block_tokens, engine.model.namespace)
  if (hash === undefined) throw new Error('the bench needs one block')
  const { visible } = await kvc.store([{ hash, bytes: () => Promise.resolve(blockBytes(hash, bytes)) }])
  if (visible !== 1) throw new Error('the block was not stored')
  const { manifests } = await kvc.lookup([hash])
  const into = [Buffer.alloc(bytes)]
  return async () => {
    const { blocks } = await kvc.fetch([hash], manifests, { into })
    if (blocks.length !== 1) throw new Error('the block was not found')
  }
}

async function redisFetches(port: number, cleanUp: (() => void)[]) {
  const redis = new Redis({ port, host: '127.0.0.1' })
  cleanUp.push(() => redis.disconnect())
  const payload = Buffer.alloc(bytes, 7)
  const keys = Array.from({ length: chunkCount(bytes, chunkBytes) }, (_, i) => `chunk:${i}`)
  for (const [i, key] of keys.entries()) {
    const { start, end } = chunkRange(i, bytes, chunkBytes)
    await redis.set(key, payload.subarray(start, end))
  }
  const check = (values: readonly (Buffer | null)[]): void => {
    const total = values.reduce((sum, value) => sum + (value?.byteLength ?? 0), 0)
    if (total !== bytes) throw new Error(`redis answered ${total} bytes`)
  }
  return {
    redisMget: async () => check(await redis.mgetBuffer(keys)),
    redisPipelinedGet: async () => check(await Promise.all(keys.map((key) => redis.getBuffer(key)))),
  }
}

async function streamFetch(port: number, cleanUp: (() => void)[]): Promise<() => Promise<void>> {
  let left = 0
  let done = (): void => undefined
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer: new Uint8Array(512 * 1024),
      callback: (count) => {
        left -= count
        if (left === 0) done()
        return true
      },
    },
  })
  cleanUp.push(() => socket.destroy())
  await once(socket, 'connect')
  return () =>
    new Promise((resolve) => {
      left = bytes
      done = resolve
      socket.write('x')
    })
}
