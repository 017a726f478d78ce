/**
 * Answers all that is asked within one turn of the event loop with one call, so that a busy process makes few round trips
 * and an idle one waits for nothing.
 *
 * @param most how many asks one call takes
 * @param answerAll answers asks in their order; where it rejects, each of its asks is rejected with the same
 */
export function gather<Ask, Answer>(
  most: number,
  answerAll: (asks: readonly Ask[]) => Promise<readonly Answer[]>,
): (ask: Ask) => Promise<Answer> {
  let waiting: Waiting<Ask, Answer>[] = []

  const callForAll = (): void => {
    const asked = waiting
    waiting = []
    for (let from = 0; from < asked.length; from += most) void call(asked.slice(from, from + most))
  }
  const call = async (asked: readonly Waiting<Ask, Answer>[]): Promise<void> => {
    try {
      const answers = await answerAll(asked.map(({ ask }) => ask))
      if (answers.length !== asked.length) throw new Error(`${answers.length} answers to ${asked.length} asks`)
      for (const [index, answer] of answers.entries()) asked[index]?.resolve(answer)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  return ask =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(callForAll)
      waiting.push({ ask, resolve, reject })
    })
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}
