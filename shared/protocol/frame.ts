import type { Position } from '../constellation/torus'
import { bodyBytes, PacketKind, type Packet, type RouteStep } from './packet'

/**
 * A packet on a connection between two hosts: a frame with its length first, little endian.
 *
 * | offset | field | type |
 * | --- | --- | --- |
 * | 0 | length of all that follows this field | u32 |
 * | 4 | version, kind, flags, 0 | 4 x u8 |
 * | 8 | ttl, hops, request hops, route steps | 4 x u16 |
 * | 16 | request id | u32 |
 * | 20 | origin, destination, receiving satellite (slot, plane each) | 6 x u16 |
 * | 32 | epoch | u32 |
 * | 36 | propagation, demanded, achieved (µs) | 3 x f64 |
 * | 60 | route: slot, plane, propagation | u16, u16, f64 each |
 * | then | body | bytes |
 *
 * The receiving satellite is the one at which the frame arrives; the ground is (65535, 65535).
 */
export const frameVersion = 1
export const headerBytes = 60
const routeStepBytes = 12
/** Largest frame body: one chunk of the largest size (4 MiB), or an answer of many small ones (1 MiB), fit with room to spare. */
export const maxBodyBytes = 8 * 1024 * 1024
/** A path longer than this is not recorded further; the packet still travels. */
export const maxRouteSteps = 512

export const ground: Position = { slot: 0xffff, plane: 0xffff }
export const isGround = (at: Position): boolean => at.slot === 0xffff && at.plane === 0xffff

const kinds = new Set<number>(Object.values(PacketKind))

/** The header of a frame that carries this packet to the satellite `at`; the body's parts follow it on the wire. */
export function encodeHeader(packet: Packet, at: Position): Uint8Array {
  const steps = Math.min(packet.route.length, maxRouteSteps)
  const bytes = new Uint8Array(headerBytes + steps * routeStepBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.byteLength - 4 + bodyBytes(packet), true)
  view.setUint8(4, frameVersion)
  view.setUint8(5, packet.kind)
  view.setUint8(6, packet.flags)
  view.setUint16(8, packet.ttl, true)
  view.setUint16(10, packet.hops, true)
  view.setUint16(12, packet.requestHops, true)
  view.setUint16(14, steps, true)
  view.setUint32(16, packet.requestId, true)
  writePosition(view, 20, packet.origin)
  writePosition(view, 24, packet.destination)
  writePosition(view, 28, at)
  view.setUint32(32, packet.epoch, true)
  view.setFloat64(36, packet.propagationUs, true)
  view.setFloat64(44, packet.demandedUs, true)
  view.setFloat64(52, packet.achievedUs, true)
  for (let i = 0; i < steps; i++) {
    const step = packet.route[i] as RouteStep
    const offset = headerBytes + i * routeStepBytes
    writePosition(view, offset, step)
    view.setFloat64(offset + 4, step.propagationUs, true)
  }
  return bytes
}

export interface Arrival {
  readonly packet: Packet
  /** The satellite at which the frame arrives, or the ground. */
  readonly at: Position
}

/** Why a stream of bytes is not a stream of frames. */
export interface FrameError {
  readonly message: string
}

interface FrameShape {
  readonly routeSteps: number
  readonly bodyBytes: number
}

/** Checks the fixed header before anything is allocated for what it announces. */
export function inspectHeader(header: Uint8Array): FrameShape | FrameError {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  const length = view.getUint32(0, true)
  const version = view.getUint8(4)
  const kind = view.getUint8(5)
  const routeSteps = view.getUint16(14, true)
  const body = length - (headerBytes - 4) - routeSteps * routeStepBytes
  if (version !== frameVersion) return { message: `frame version ${version}, expected ${frameVersion}` }
  if (!kinds.has(kind)) return { message: `unknown packet kind ${kind}` }
  if (routeSteps > maxRouteSteps) return { message: `route of ${routeSteps} steps, at most ${maxRouteSteps}` }
  if (body < 0) return { message: `frame length ${length} is shorter than its header` }
  if (body > maxBodyBytes) return { message: `body of ${body} bytes, at most ${maxBodyBytes}` }
  return { routeSteps, bodyBytes: body }
}

export function routeBytes(shape: FrameShape): number {
  return shape.routeSteps * routeStepBytes
}

/** Reads a checked header with its route; the body is attached as it is. */
export function decodeFrame(head: Uint8Array, body: readonly Uint8Array[]): Arrival {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const route: RouteStep[] = []
  for (let offset = headerBytes; offset < head.byteLength; offset += routeStepBytes) {
    route.push({ ...readPosition(view, offset), propagationUs: view.getFloat64(offset + 4, true) })
  }
  const packet: Packet = {
    kind: view.getUint8(5) as PacketKind,
    flags: view.getUint8(6),
    ttl: view.getUint16(8, true),
    hops: view.getUint16(10, true),
    requestHops: view.getUint16(12, true),
    requestId: view.getUint32(16, true),
    origin: readPosition(view, 20),
    destination: readPosition(view, 24),
    epoch: view.getUint32(32, true),
    propagationUs: view.getFloat64(36, true),
    demandedUs: view.getFloat64(44, true),
    achievedUs: view.getFloat64(52, true),
    route,
    body,
  }
  return { packet, at: readPosition(view, 28) }
}

function writePosition(view: DataView, offset: number, position: Position): void {
  view.setUint16(offset, position.slot, true)
  view.setUint16(offset + 2, position.plane, true)
}

function readPosition(view: DataView, offset: number): Position {
  return { slot: view.getUint16(offset, true), plane: view.getUint16(offset + 2, true) }
}
