import type { Authentication, ServiceKind } from '#shared/inventory/inventory'
import type { serviceChoices } from '#shared/inventory/inventory'

export function authenticationLabel(kind: Authentication['kind']): string {
  switch (kind) {
    case 'agent':
      return 'SSH agent'
    case 'key':
      return 'Private key'
    case 'password':
      return 'Password'
    case 'keyboard_interactive':
      return 'Keyboard-interactive'
  }
}

export function serviceLabel(service: (typeof serviceChoices)[number] | ServiceKind | null): string {
  switch (service) {
    case null:
      return 'none'
    case 'auto':
      return 'Automatic'
    case 'system':
      return 'systemd system unit'
    case 'user':
      return 'systemd user unit'
    case 'detached':
      return 'Supervised process'
  }
}
