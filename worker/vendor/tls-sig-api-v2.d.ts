/** Types for the part of the vendor's signer that this project uses; the package ships none. */
declare module 'tls-sig-api-v2' {
  export class Api {
    constructor(sdkAppId: number, key: string)
    /** Signs for an identifier; the lifetime is in seconds. Its clock is `Date.now()`. */
    genUserSig(identifier: string, lifetimeSeconds: number): string
  }
}
