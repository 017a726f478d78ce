/**
 * Spans for programs that have set up OpenTelemetry; without it nothing happens. This file uses OpenTelemetry's
 * interface only: the program decides which spans are kept and where they go.
 */
import {
  context,
  ProxyTracerProvider,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { QUEUE_NAME } from '../../redis/keys.ts'

const NOBODY = new ProxyTracerProvider().getDelegate()

/** Whether the program has set up traces. Cheap enough for every job. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider && provider.getDelegate() === NOBODY)
}

/** Attributes of a span of messages, named as in OpenTelemetry's conventions (messaging spans, read 2026-11). */
export const messagingAttributes = (operation: 'send' | 'process') => ({
  'messaging.system': 'bullmq',
  'messaging.destination.name': QUEUE_NAME,
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
})

/** Options of a job that name the span which enqueued it, in the form of BullMQ's own telemetry. */
export interface TracedOptions {
  readonly telemetry?: { readonly metadata: string }
}

/**
 * Enqueues jobs in a span of its own.
 *
 * @param jobs number of jobs
 * @param send enqueues the jobs, each with these options added; without traces they are empty, so that no job grows
 */
export async function traceSend<T>(jobs: number, send: (options: TracedOptions) => Promise<T>): Promise<T> {
  if (!isTracing()) return send({})
  const attributes = { ...messagingAttributes('send'), 'messaging.batch.message_count': jobs }
  const options = { kind: SpanKind.PRODUCER, attributes }
  return trace.getTracer('clear-friends').startActiveSpan(`send ${QUEUE_NAME}`, options, async span => {
    try {
      const carrier: Record<string, string> = {}
      propagation.inject(context.active(), carrier)
      return await send(Object.keys(carrier).length === 0 ? {} : { telemetry: { metadata: JSON.stringify(carrier) } })
    } catch (error) {
      endAsFailed(span, error instanceof Error ? error.name : typeof error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** Marks a span as failed. It notes the error's name only, since a message may quote an account. */
export function endAsFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
