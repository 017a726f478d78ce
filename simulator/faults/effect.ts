import type { FaultAnswer, FaultRule, MalformedKind } from './fault-rule.ts'

/** How an answer leaves the server. */
export type Delivery =
  | { readonly kind: 'answer' }
  | { readonly kind: 'answer_then_fin' }
  | { readonly kind: 'half_body' }
  | { readonly kind: 'malformed'; readonly malformed: MalformedKind }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }

/** How a call goes under a fault rule; without a rule everything is as it should be. */
export interface Effect {
  /** How far the call is carried out. */
  readonly extent: 'none' | 'half' | 'whole'
  /** Code answered instead of the call's own. */
  readonly code: number | undefined
  readonly delivery: Delivery
  /** Wait after the backend is done, ms. */
  readonly delayMs: number
  /** Strikes as soon as the body is read, before the backend had its time. */
  readonly isImmediate: boolean
}

const PROPER: Effect = {
  extent: 'whole',
  code: undefined,
  delivery: { kind: 'answer' },
  delayMs: 0,
  isImmediate: false,
}

const RESET: Partial<Effect> = { extent: 'none', delivery: { kind: 'reset' }, isImmediate: true }

/** How each answer that has no value differs from the proper one. */
const PLAIN_EFFECTS: Readonly<Record<Extract<FaultAnswer, string>, Partial<Effect>>> = {
  'reset-before': RESET,
  'reset-after-read': RESET,
  'reset-after-apply': { delivery: { kind: 'reset' } },
  hang: { extent: 'none', delivery: { kind: 'hang' } },
  'hang-after-apply': { delivery: { kind: 'hang' } },
  'half-body': { delivery: { kind: 'half_body' } },
  partial: { extent: 'half' },
  'fin-after-answer': { delivery: { kind: 'answer_then_fin' } },
  'stall-connection': {},
}

/** Reads what a rule does to a call. A rule's `apply` wins over what its kind does by itself. */
export function effectOf(rule: FaultRule | undefined): Effect {
  if (rule === undefined) return PROPER
  const effect = { ...PROPER, ...differenceOf(rule.answer) }
  if (rule.apply === undefined || effect.extent === 'half') return effect
  // Not carried out, yet answered as if it were: that is a plain OK.
  return rule.apply ? { ...effect, extent: 'whole' } : { ...effect, extent: 'none', code: effect.code ?? 0 }
}

function differenceOf(answer: FaultAnswer): Partial<Effect> {
  if (typeof answer === 'string') return PLAIN_EFFECTS[answer]
  if ('code' in answer) return { extent: 'none', code: answer.code }
  if ('http' in answer) return { extent: 'none', delivery: { kind: 'http', status: answer.http } }
  if ('delayMs' in answer) return { delayMs: answer.delayMs }
  return 'malformed' in answer ? { delivery: { kind: 'malformed', malformed: answer.malformed } } : {}
}

/** Name under which an answer is counted. */
export function answerKey(delivery: Delivery, code: number): string {
  switch (delivery.kind) {
    case 'answer':
    case 'answer_then_fin':
      return String(code)
    case 'malformed':
      return `malformed_${delivery.malformed.replaceAll('-', '_')}`
    case 'http':
      return `http_${delivery.status}`
    default:
      return delivery.kind
  }
}
