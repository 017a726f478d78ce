/** What this project uses of the vendor's signer, which ships no types. */
declare module 'tls-sig-api-v2' {
  export class Api {
    constructor(sdkAppId: number, key: string)
    /** Signs for an identifier; the lifetime is in seconds. Its clock is `Date.now()`. */
    genUserSig(identifier: string, lifetimeSeconds: number): string
  }
}
