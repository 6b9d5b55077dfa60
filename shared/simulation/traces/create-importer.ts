import { SkyError } from '../../contract/errors'
import { AiperfImporter } from './aiperf'
import { AzureImporter } from './azure'
import { BurstGptImporter } from './burstgpt'
import type { Tokeniser, TraceImporter } from './importer'
import { MooncakeImporter } from './mooncake'
import { ShareGptImporter } from './sharegpt'
import type { TraceSettings } from './trace-options'

/**
 * The importer of a format.
 * @param header the header line of a CSV file; empty for other formats
 * @throws SkyError for settings or a header line that do not fit
 */
export function createImporter(
  settings: TraceSettings,
  tokeniser: Tokeniser,
  header: readonly string[],
): TraceImporter {
  const { format, arrivals } = settings
  switch (format) {
    case 'mooncake':
      return new MooncakeImporter(settings)
    case 'aiperf':
      return new AiperfImporter(settings, tokeniser)
    case 'sharegpt':
      if (arrivals === undefined) {
        throw new SkyError('invalid_argument', 'a ShareGPT trace needs an arrival rate', '')
      }
      return new ShareGptImporter(settings, arrivals, tokeniser)
    case 'azure':
      return new AzureImporter(settings, header)
    case 'burstgpt':
      return new BurstGptImporter(settings, header)
  }
}
