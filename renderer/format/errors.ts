import type { ErrorCode } from '#shared/contract/errors'

/** What kind of trouble it is, in a few words; the message of the error says the rest. */
export function errorTitle(code: ErrorCode): string {
  switch (code) {
    case 'invalid_argument':
      return 'Not a valid value'
    case 'context_length_exceeded':
      return 'Too long for the model'
    case 'invalid_experiment':
      return 'The experiment has problems'
    case 'invalid_trace':
      return 'The trace cannot be used'
    case 'invalid_model':
      return 'The model cannot be used'
    case 'not_found':
      return 'Not found'
    case 'conflict':
      return 'Not possible now'
    case 'cancelled':
      return 'Cancelled'
    case 'timeout':
      return 'No answer in time'
    case 'not_supported':
      return 'Not supported'
    case 'unauthorised':
      return 'Not permitted'
    case 'internal':
      return 'Internal error'
    case 'lab_not_running':
      return 'The lab is not running'
    case 'lab_start_failed':
      return 'The lab did not start'
    case 'host_down':
      return 'A host is down'
    case 'port_in_use':
      return 'A port is in use'
    case 'version_skew':
      return 'Versions do not match'
    case 'connection_lost':
      return 'Connection lost'
    case 'protocol_error':
      return 'Unexpected answer'
    case 'unreachable':
      return 'Unreachable'
    case 'engine_failed':
      return 'The engine failed'
    case 'trial_failed':
      return 'The trial failed'
    case 'documents_unreadable':
      return 'Documents cannot be read'
    case 'host_key_unknown':
      return 'Unknown host key'
    case 'host_key_changed':
      return 'The host key has changed'
    case 'secret_needed':
      return 'A password is needed'
    case 'authentication_failed':
      return 'The login was refused'
    case 'lab_held':
      return 'Another console holds the lab'
    case 'host_disk_full':
      return 'A host’s disk is full'
    case 'host_not_writable':
      return 'A host cannot be written'
    case 'not_installed':
      return 'Nothing is installed'
    case 'provisioning_failed':
      return 'Provisioning failed'
    case 'storage_full':
      return 'The disk is full'
    case 'storage_unwritable':
      return 'Results cannot be written'
    case 'storage_locked':
      return 'The database is in use'
    case 'storage_corrupt':
      return 'The database is damaged'
    case 'export_failed':
      return 'The export failed'
  }
}
