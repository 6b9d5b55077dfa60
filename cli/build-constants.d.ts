/** Set by the bundler: see scripts/lib/build-info.mjs. */
declare const __SKYMEMORY_VERSION__: string | undefined
declare const __SKYMEMORY_REVISION__: string | undefined
