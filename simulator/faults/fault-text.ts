import { isCommandName } from '../calls/commands.ts'
import { explain } from '../explain.ts'
import { type FaultRule, faultRuleSchema, MALFORMED_KINDS } from './fault-rule.ts'

/** Says that a rule cannot be read; the message names the rule, what is wrong with it and what would be right. */
export class InvalidFaultRule extends Error {
  override readonly name = 'InvalidFaultRule'
  readonly code = 'INVALID_FAULT_RULE'
}

const ANSWERS =
  'a vendor code (30006), http-<status>, item-<code>, delay-<duration>, malformed-<kind>, reset-before, ' +
  'reset-after-read, reset-after-apply, hang, hang-after-apply, half-body, partial, fin-after-answer, stall-connection'

/**
 * Reads the text form of a rule: the answer, then options behind a colon, such as `30006:share=0.1,times=1`,
 * `http-502:share=0.05`, `reset-after-apply:accounts=user_1|user_2`, `60018:probability=0.01,from=10s,to=20s`,
 * `malformed-null:nth=2`, `delay-3100ms:command=friend_get`. Throws `InvalidFaultRule` with one clear sentence.
 */
export function parseFaultRule(text: string): FaultRule {
  const fail = (problem: string): never => {
    throw new InvalidFaultRule(`fault "${text}": ${problem}`)
  }
  const [answerText = '', optionsText = ''] = splitOnce(text.trim().replace(/^malformed:/, 'malformed-'), ':')
  const rule = { answer: readAnswer(answerText, fail), ...readOptions(optionsText, fail) }
  const checked = faultRuleSchema.safeParse(rule)
  return checked.success ? checked.data : fail(explain(checked.error))
}

/**
 * Reads rules in either form.
 *
 * @throws {InvalidFaultRule} for the first that cannot be read
 */
export const readFaultRules = (rules: readonly unknown[]): readonly FaultRule[] =>
  rules.map(rule => {
    if (typeof rule === 'string') return parseFaultRule(rule)
    const checked = faultRuleSchema.safeParse(rule)
    if (checked.success) return checked.data
    throw new InvalidFaultRule(`fault ${JSON.stringify(rule)}: ${explain(checked.error)}`)
  })

type Fail = (problem: string) => never

function readAnswer(text: string, fail: Fail): unknown {
  if (/^\d+$/.test(text)) return { code: Number(text) }
  const [kind, value] = [text.slice(0, text.indexOf('-')), text.slice(text.indexOf('-') + 1)]
  if (kind === 'http' && /^\d+$/.test(value)) return { http: Number(value) }
  if (kind === 'item' && /^\d+$/.test(value)) return { itemCode: Number(value) }
  if (kind === 'delay') return { delayMs: readDurationMs(value, fail) }
  if (kind === 'malformed') {
    const known = MALFORMED_KINDS.find(name => name === value)
    return known === undefined
      ? fail(`"${value}" is no way to break a body; expected one of ${MALFORMED_KINDS.join(', ')}`)
      : { malformed: known }
  }
  return faultRuleSchema.safeParse({ answer: text }).success
    ? text
    : fail(`"${text}" is no answer; expected ${ANSWERS}`)
}

/** Options as they are being read; checked as a whole afterwards. */
type Draft = { -readonly [Field in keyof FaultRule]?: unknown }

/** How each option is read into the draft. */
const READERS: Readonly<Record<string, (draft: Draft, value: string, fail: Fail) => void>> = {
  command: (draft, value, fail) => {
    draft.command = isCommandName(value) ? value : fail(`"${value}" is no vendor call`)
  },
  share: (draft, value, fail) => setAccounts(draft, { share: readNumber('share', value, fail) }, fail),
  slice: (draft, value, fail) =>
    setAccounts(draft, { slice: value.split('..').map(end => readNumber('slice', end, fail)) }, fail),
  accounts: (draft, value, fail) => setAccounts(draft, { list: value.split('|') }, fail),
  times: (draft, value, fail) => {
    draft.times = value === 'always' ? value : readNumber('times', value, fail)
  },
  nth: (draft, value, fail) => {
    draft.nth = readNumber('nth', value, fail)
  },
  every: (draft, value, fail) => {
    draft.every = readNumber('every', value, fail)
  },
  probability: (draft, value, fail) => {
    draft.probability = readNumber('probability', value, fail)
  },
  total: (draft, value, fail) => {
    draft.total = readNumber('total', value, fail)
  },
  from: (draft, value, fail) => {
    draft.window = { toMs: Number.MAX_SAFE_INTEGER, ...asObject(draft.window), fromMs: readDurationMs(value, fail) }
  },
  to: (draft, value, fail) => {
    draft.window = { fromMs: 0, ...asObject(draft.window), toMs: readDurationMs(value, fail) }
  },
  apply: (draft, value, fail) => {
    draft.apply = readFlag(value, fail)
  },
}

function readOptions(text: string, fail: Fail): Draft {
  const draft: Draft = {}
  const seen = new Set<string>()
  for (const part of text === '' ? [] : text.split(',')) {
    const [key, value = ''] = splitOnce(part, '=')
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined
    if (reader === undefined) return fail(`unknown option "${key}"; options are ${Object.keys(READERS).join(', ')}`)
    if (value === '') fail(`option "${key}" has no value; write ${key}=value`)
    if (seen.has(key)) fail(`option "${key}" stands there twice`)
    seen.add(key)
    reader(draft, value, fail)
  }
  return draft
}

function setAccounts(draft: Draft, accounts: unknown, fail: Fail): void {
  if (draft.accounts !== undefined) fail('share, slice and accounts exclude each other')
  draft.accounts = accounts
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {})

const readNumber = (key: string, text: string, fail: Fail): number =>
  /^\d+(\.\d+)?$/.test(text) ? Number(text) : fail(`${key}="${text}" is not a number`)

function readFlag(text: string, fail: Fail): boolean {
  if (text === 'yes' || text === 'true') return true
  return text === 'no' || text === 'false' ? false : fail(`apply="${text}" is neither yes nor no`)
}

const readDurationMs = (text: string, fail: Fail): number =>
  parseDurationMs(text) ?? fail(`"${text}" is no duration; write 250ms, 3s or 2m`)

const UNITS_MS = { ms: 1, s: 1000, m: 60_000 } as const

/** Reads a duration such as `250`, `250ms`, `3.1s` or `2m` in ms; `undefined` when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? []
  if (amount === undefined || !(unit === 'ms' || unit === 's' || unit === 'm')) return undefined
  return Number(amount) * UNITS_MS[unit]
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}
