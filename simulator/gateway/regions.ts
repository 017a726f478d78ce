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

/** Region of each host of the vendor, without port. Hosts that are not named here fit every app. */
export const REGION_OF_HOST: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(VENDOR_HOSTS).flatMap(([region, hosts]) => hosts.map(host => [host, region])),
)
