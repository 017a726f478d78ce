import { type Link, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { endAsFailed, isTracing, messagingAttributes } from '../../jobs/job/tracing.ts'
import { systemClock } from '../../limiter/clock.ts'
import { QUEUE_NAME } from '../../redis/keys.ts'
import type { JobInHand } from '../attempt/job-in-hand.ts'
import type { Attempted } from '../attempt/processed.ts'
import type { Verdict } from '../vendor/classify.ts'

/** Gives the tracer that makes a worker's spans. */
const tracer = () => trace.getTracer('clear-friends')

const carrierSchema = z.string().transform(parseJson).pipe(z.record(z.string(), z.string()))

/**
 * Runs the work on a job in a span of its own, if the program traces. The span links to the producer's span and is not
 * its child: else a clean-up of a million accounts would be one trace of a million spans, and a retry hours later would
 * belong to it too. No span holds a user id or a signature.
 */
export function traceJob(job: JobInHand, work: () => Promise<Attempted>): Promise<Attempted> {
  if (!isTracing()) return work()
  const attributes = {
    ...messagingAttributes('process'),
    'messaging.message.id': job.name,
    'clear_friends.attempt': job.attemptsMade + 1,
  }
  const options = { kind: SpanKind.CONSUMER, attributes, links: linksOf(job) }
  return tracer().startActiveSpan(`process ${QUEUE_NAME}`, options, ROOT_CONTEXT, async span => {
    try {
      const attempted = await work()
      const { outcome } = attempted
      span.setAttribute('clear_friends.outcome', outcome.kind)
      if ('reason' in outcome) span.setAttribute('clear_friends.code', outcome.reason.code)
      if (outcome.kind === 'retry' || outcome.kind === 'dead' || outcome.kind === 'stop')
        endAsFailed(span, outcome.reason.code)
      return attempted
    } catch (error) {
      endAsFailed(span, error instanceof Error ? error.name : typeof error)
      throw error
    } finally {
      span.end()
    }
  })
}

function linksOf({ traceContext }: JobInHand): Link[] {
  const carrier = carrierSchema.safeParse(traceContext)
  const sender = carrier.success ? trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier.data)) : undefined
  return sender === undefined ? [] : [{ context: sender }]
}

/**
 * Records a request to the vendor as a child of the job's span, if the program traces.
 *
 * @param server host name of the vendor
 */
export function traceRequest(command: string, verdict: Verdict, durationMs: number, server: string): void {
  if (!isTracing()) return
  const endedAt = systemClock.epochMs()
  const span = tracer().startSpan(`POST ${command}`, {
    kind: SpanKind.CLIENT,
    startTime: endedAt - durationMs,
    attributes: {
      'http.request.method': 'POST',
      'server.address': server,
      'clear_friends.command': command,
      'clear_friends.code': verdict.label,
    },
  })
  if (verdict.class !== 'done') endAsFailed(span, verdict.label)
  span.end(endedAt)
}
