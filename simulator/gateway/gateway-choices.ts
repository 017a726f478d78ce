/** A step of the signature check; the live order is not documented, so it can be chosen. */
export type AuthStep = 'sdkappid' | 'identifier' | 'expiry' | 'hmac'

/** Points on which the vendor's pages are silent or disagree. */
export interface GatewayChoices {
  /** Default: the order of the vendor's Go library. */
  readonly authOrder: readonly AuthStep[]
  /** Code for a `random` that is missing or out of range. Default 60025. */
  readonly randomCode: number
  /** Code for an app nobody knows. Default 70020; older: 60006. */
  readonly unknownAppCode: number
  /** Code for an app called on a host of another region. Default 60026; also seen: 70016, 70020. */
  readonly regionCode: number
  /** Code for a good signature of somebody who is no admin. Default 60010; the relation service says 30004. */
  readonly nonAdminCode: number
  /** Answers 60004 and 60005 for a bad identifier and usersig in the URL, as older pages do. Default `false`. */
  readonly olderUrlCodes: boolean
  /** Failed signatures within a minute that make the app wait with 70050 for 60 s; 0 switches it off. Default 100. */
  readonly authFailuresPerMinute: number
  /** Region of each host name, without port. Hosts not named here fit every app. */
  readonly regions: Readonly<Record<string, string>>
}

/** The vendor's hosts by region, pages 1047/34620 and 269/1519. */
const VENDOR_HOSTS: Readonly<Record<string, readonly string[]>> = {
  china: ['console.tim.qq.com', 'adminapi.my-imcloud.com'],
  singapore: ['adminapisgp.im.qcloud.com', 'adminapisgp.my-imcloud.com'],
  seoul: ['adminapikr.im.qcloud.com', 'adminapikr.my-imcloud.com'],
  tokyo: ['adminapijpn.im.qcloud.com', 'adminapijpn.my-imcloud.com'],
  frankfurt: ['adminapiger.im.qcloud.com', 'adminapiger.my-imcloud.com'],
  mumbai: ['adminapiind.im.qcloud.com', 'adminapiind.my-imcloud.com'],
  silicon_valley: ['adminapiusa.im.qcloud.com', 'adminapiusa.my-imcloud.com'],
  jakarta: ['adminapiidn.im.qcloud.com', 'adminapiidn.my-imcloud.com'],
}

/** Gives every choice its default. */
export const DEFAULT_CHOICES: GatewayChoices = {
  authOrder: ['sdkappid', 'identifier', 'expiry', 'hmac'],
  randomCode: 60025,
  unknownAppCode: 70020,
  regionCode: 60026,
  nonAdminCode: 60010,
  olderUrlCodes: false,
  authFailuresPerMinute: 100,
  regions: Object.fromEntries(
    Object.entries(VENDOR_HOSTS).flatMap(([region, hosts]) => hosts.map(host => [host, region])),
  ),
}
