import { isCommandName } from '../calls/commands.ts'
import { explain } from '../check.ts'
import { type FaultRule, faultRuleSchema, MALFORMED_KINDS, PLAIN_KINDS } from './fault-rule.ts'

/** Says that a rule cannot be read; the message names the rule, what is wrong with it and what would be right. */
export class InvalidFaultRuleError extends Error {
  override readonly name = 'InvalidFaultRuleError'
  readonly code = 'INVALID_FAULT_RULE'
}

const ANSWERS = [
  'a vendor code (30006), http-<status>, item-<code>, delay-<duration>, malformed-<kind>',
  ...PLAIN_KINDS,
].join(', ')

/**
 * Reads the text form of a rule: the answer, then options behind a colon, such as `30006:share=0.1,times=1`,
 * `http-502:share=0.05`, `reset-after-apply:accounts=user_1|user_2`, `60018:probability=0.01,from=10s,to=20s`,
 * `malformed-null:nth=2`, `delay-3100ms:command=friend_get`.
 *
 * @throws {InvalidFaultRuleError} with one clear sentence
 */
export function parseFaultRule(text: string): FaultRule {
  return named(`"${text}"`, () => {
    const [answer, options] = splitOnce(text.trim().replace(/^malformed:/, 'malformed-'), ':')
    return { answer: readAnswer(answer), ...readOptions(options) }
  })
}

/**
 * Reads rules in either form.
 *
 * @throws {InvalidFaultRuleError} for the first that cannot be read
 */
export function readFaultRules(rules: readonly unknown[]): readonly FaultRule[] {
  return rules.map(rule => (typeof rule === 'string' ? parseFaultRule(rule) : named(JSON.stringify(rule), () => rule)))
}

/** Reads and checks a rule; the error for what is wrong with it names the rule. */
function named(name: string, read: () => unknown): FaultRule {
  try {
    const checked = faultRuleSchema.safeParse(read())
    return checked.success ? checked.data : fail(explain(checked.error))
  } catch (error) {
    throw error instanceof InvalidFaultRuleError ? new InvalidFaultRuleError(`fault ${name}: ${error.message}`) : error
  }
}

function fail(problem: string): never {
  throw new InvalidFaultRuleError(problem)
}

function readAnswer(text: string): unknown {
  if (/^\d+$/.test(text)) return { code: Number(text) }
  const [kind, value] = splitOnce(text, '-')
  if (kind === 'http' && /^\d+$/.test(value)) return { http: Number(value) }
  if (kind === 'item' && /^\d+$/.test(value)) return { itemCode: Number(value) }
  if (kind === 'delay') return { delayMs: readDurationMs(value) }
  if (kind === 'malformed') {
    if (MALFORMED_KINDS.some(name => name === value)) return { malformed: value }
    return fail(`"${value}" is no way to break a body; expected one of ${MALFORMED_KINDS.join(', ')}`)
  }
  return faultRuleSchema.safeParse({ answer: text }).success
    ? text
    : fail(`"${text}" is no answer; expected ${ANSWERS}`)
}

/** Fields of a rule as they are being read; checked as a whole afterwards. */
interface Draft extends Readonly<Record<string, unknown>> {
  readonly window?: object
}

/** Reads the value of each option; returns the fields of the rule that it sets. */
const READERS: Readonly<Record<string, (value: string, before: Draft) => Draft>> = {
  command: value => ({ command: isCommandName(value) ? value : fail(`"${value}" is no vendor call`) }),
  share: value => ({ accounts: { share: readNumber('share', value) } }),
  slice: value => ({ accounts: { slice: value.split('..').map(end => readNumber('slice', end)) } }),
  accounts: value => ({ accounts: { list: value.split('|') } }),
  times: value => ({ times: value === 'always' ? value : readNumber('times', value) }),
  nth: value => ({ nth: readNumber('nth', value) }),
  every: value => ({ every: readNumber('every', value) }),
  probability: value => ({ probability: readNumber('probability', value) }),
  total: value => ({ total: readNumber('total', value) }),
  from: (value, { window }) => ({
    window: { toMs: Number.MAX_SAFE_INTEGER, ...window, fromMs: readDurationMs(value) },
  }),
  to: (value, { window }) => ({ window: { fromMs: 0, ...window, toMs: readDurationMs(value) } }),
  apply: value => ({ apply: readFlag(value) }),
}

function readOptions(text: string): Draft {
  let draft: Draft = {}
  const seen = new Set<string>()
  for (const part of text === '' ? [] : text.split(',')) {
    const [key, value] = splitOnce(part, '=')
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined
    if (reader === undefined) return fail(`unknown option "${key}"; options are ${Object.keys(READERS).join(', ')}`)
    if (value === '') fail(`option "${key}" has no value; write ${key}=value`)
    if (seen.has(key)) fail(`option "${key}" stands there twice`)
    seen.add(key)
    const fields = reader(value, draft)
    if ('accounts' in fields && 'accounts' in draft) fail('share, slice and accounts exclude each other')
    draft = { ...draft, ...fields }
  }
  return draft
}

function readNumber(key: string, text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : fail(`${key}="${text}" is not a number`)
}

function readFlag(text: string): boolean {
  if (text === 'yes' || text === 'true') return true
  return text === 'no' || text === 'false' ? false : fail(`apply="${text}" is neither yes nor no`)
}

function readDurationMs(text: string): number {
  return parseDurationMs(text) ?? fail(`"${text}" is no duration; write 250ms, 3s or 2m`)
}

/** Reads a duration such as `250`, `250ms`, `3.1s` or `2m` in ms; `undefined` when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? []
  if (amount === undefined) return undefined
  return Number(amount) * (unit === 'm' ? 60_000 : unit === 's' ? 1000 : 1)
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const [head = '', ...tail] = text.split(separator)
  return [head, tail.join(separator)]
}
