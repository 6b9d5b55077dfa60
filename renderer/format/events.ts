import type { RunEvent } from '#shared/contract/console-api'

export function eventLabel(name: RunEvent['name']): string {
  switch (name) {
    case 'trial_started':
      return 'Trial started'
    case 'rotation_started':
      return 'Rotation'
    case 'rotation_finished':
      return 'Migration done'
    case 'host_lost':
      return 'Host lost'
    case 'host_returned':
      return 'Host returned'
    case 'satellite_failed':
      return 'Satellite failed'
    case 'satellite_restored':
      return 'Satellite restored'
    case 'link_failed':
      return 'Link failed'
    case 'link_restored':
      return 'Link restored'
    case 'paused':
      return 'Paused'
    case 'resumed':
      return 'Resumed'
    case 'blocks_not_stored':
      return 'Blocks not stored'
  }
}

export function eventTone(name: RunEvent['name']): 'bad' | 'ok' | 'plain' {
  switch (name) {
    case 'host_lost':
    case 'satellite_failed':
    case 'link_failed':
    case 'blocks_not_stored':
      return 'bad'
    case 'host_returned':
    case 'satellite_restored':
    case 'link_restored':
      return 'ok'
    case 'trial_started':
    case 'rotation_started':
    case 'rotation_finished':
    case 'paused':
    case 'resumed':
      return 'plain'
  }
}
