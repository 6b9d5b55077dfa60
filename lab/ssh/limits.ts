/** How long a TCP connection may take, ms: a lab network answers in far less, and TCP itself would try for minutes. */
export const connectLimitMs = 10_000
/** How long key exchange may take, ms: slow boards need a second or two. */
export const handshakeLimitMs = 20_000
/** How long logging in may take, ms: agents may ask their user for a touch, and servers wait 2 s after a wrong password. */
export const authenticationLimitMs = 60_000
/** How long opening a channel may take, ms. */
export const channelLimitMs = 20_000

/** A connection on which nothing comes back is asked so often, ms ... */
export const keepaliveIntervalMs = 5_000
/** ... and is lost after so many questions without an answer: 20 s in all, longer than a short cut that TCP survives. */
export const keepaliveMisses = 3
