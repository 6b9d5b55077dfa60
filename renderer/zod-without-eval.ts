import { config } from 'zod'

/** zod compiles its parsers with `new Function` where it may; the window's content policy forbids that. Import this first. */
config({ jitless: true })
