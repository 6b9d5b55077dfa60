/** Put in by the build (scripts/lib/build-info.mjs). */
declare const __SKYMEMORY_VERSION__: string
declare const __SKYMEMORY_REVISION__: string
