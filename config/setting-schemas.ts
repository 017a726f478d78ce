import { z } from 'zod'
import { Secret } from './secret.ts'

/** A whole number in these bounds, as digits. */
export function integer(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most))
}

/** A number in these bounds, as digits with or without a fraction. */
export function number(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most))
}

/** A host and a port, as connections to Sentinels and Cluster nodes need them. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Hosts with ports, after commas. */
export function hostList(): z.ZodType<readonly HostAndPort[], string> {
  return z
    .string()
    .regex(/^\s*[^\s,:]+:\d{1,5}(\s*,\s*[^\s,:]+:\d{1,5})*\s*$/)
    .transform(text =>
      text.split(',').map(part => {
        const [host = '', port = ''] = part.trim().split(':')
        return { host, port: Number(port) }
      }),
    )
    .pipe(z.array(z.object({ host: z.string(), port: z.int().min(1).max(65_535) })))
}

/** Whether a URL says where Redis is, and nothing that would be ignored. */
export function isRedisUrl(text: string): boolean {
  const url = new URL(text)
  const bare = /^\/?\d*$/.test(url.pathname) && url.search === '' && url.hash === ''
  return bare && isPercentEncoded(url.username) && isPercentEncoded(url.password)
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Whether a URL names a host alone, over TLS or on loopback. */
export function isSafeBaseUrl(text: string): boolean {
  const url = new URL(text)
  const bare =
    (url.pathname === '/' || url.pathname === '') && url.search === '' && url.hash === '' && url.username === ''
  return bare && (url.protocol === 'https:' || isLoopback(url.hostname))
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/** A {@link Secret} whose text fits; the loader reads it from the variable or from its file. */
export const secret = (text: z.ZodType<string>): z.ZodType<Secret> =>
  z.custom<Secret>(value => value instanceof Secret && text.safeParse(value.reveal()).success)
