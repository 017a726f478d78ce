import { z } from 'zod'
import { Secret } from './secret.ts'

/** Parses digits as a whole number within these bounds. */
export function integer(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most))
}

/** Parses digits, with or without a fraction, as a number within these bounds. */
export function number(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most))
}

/** Address of a Sentinel or a Cluster node. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Parses `host:port`, or several of them with commas between. */
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

/** Whether a URL holds only what the connection to Redis uses: no query, no fragment, no path but a database number. */
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

/** Whether a URL names a host and nothing else, over TLS or on loopback. */
export function isSafeBaseUrl(text: string): boolean {
  const url = new URL(text)
  const bare =
    (url.pathname === '/' || url.pathname === '') && url.search === '' && url.hash === '' && url.username === ''
  return bare && (url.protocol === 'https:' || isLoopback(url.hostname))
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/** Accepts a {@link Secret} whose text fits. The loader reads the secret from its variable or file. */
export const secret = (text: z.ZodType<string>): z.ZodType<Secret> =>
  z.custom<Secret>(value => value instanceof Secret && text.safeParse(value.reveal()).success)
