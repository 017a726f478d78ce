import type { FaultRule, MalformedKind } from './fault-rule.ts'

/** How an answer leaves the server. */
export type Delivery =
  | { readonly kind: 'answer' }
  | { readonly kind: 'answer_then_fin' }
  | { readonly kind: 'half_body' }
  | { readonly kind: 'malformed'; readonly malformed: MalformedKind }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }

/** What a fault rule makes of a call; without a rule everything is as it should be. */
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

/** Reads what a rule does to a call. A rule's `apply` wins over what its kind does by itself. */
export function effectOf(rule: FaultRule | undefined): Effect {
  if (rule === undefined) return PROPER
  const effect = effectOfAnswer(rule)
  if (rule.apply === undefined || effect.extent === 'half') return effect
  // Not carried out, yet answered as if it were: that is a plain OK.
  return rule.apply ? { ...effect, extent: 'whole' } : { ...effect, extent: 'none', code: effect.code ?? 0 }
}

function effectOfAnswer({ answer }: FaultRule): Effect {
  if (typeof answer === 'object') {
    if ('code' in answer) return { ...PROPER, extent: 'none', code: answer.code }
    if ('http' in answer) return { ...PROPER, extent: 'none', delivery: { kind: 'http', status: answer.http } }
    if ('delayMs' in answer) return { ...PROPER, delayMs: answer.delayMs }
    if ('malformed' in answer) return { ...PROPER, delivery: { kind: 'malformed', malformed: answer.malformed } }
    return PROPER
  }
  switch (answer) {
    case 'reset-before':
    case 'reset-after-read':
      return { ...PROPER, extent: 'none', delivery: { kind: 'reset' }, isImmediate: true }
    case 'reset-after-apply':
      return { ...PROPER, delivery: { kind: 'reset' } }
    case 'hang':
      return { ...PROPER, extent: 'none', delivery: { kind: 'hang' } }
    case 'hang-after-apply':
      return { ...PROPER, delivery: { kind: 'hang' } }
    case 'half-body':
      return { ...PROPER, delivery: { kind: 'half_body' } }
    case 'partial':
      return { ...PROPER, extent: 'half' }
    case 'fin-after-answer':
      return { ...PROPER, delivery: { kind: 'answer_then_fin' } }
    case 'stall-connection':
      return PROPER
  }
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
