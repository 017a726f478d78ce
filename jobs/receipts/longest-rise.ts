/**
 * Finds the longest rise in a list by leaving out as few elements as possible; those stand in the wrong place.
 *
 * @param numbers the list
 * @returns for each element whether it belongs to the rise
 */
export function longestRise(numbers: readonly number[]): readonly boolean[] {
  // ends[k]: index of the last element of the rise of k + 1 elements that ends lowest. before[i]: index of the element
  // before i in its rise.
  const ends: number[] = []
  const before = new Int32Array(numbers.length).fill(-1)
  for (let i = 0; i < numbers.length; i++) {
    const length = firstNotBelow(ends, numbers, i)
    before[i] = length === 0 ? -1 : (ends[length - 1] ?? -1)
    ends[length] = i
  }
  const rises = new Array<boolean>(numbers.length).fill(false)
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i] ?? -1) rises[i] = true
  return rises
}

function firstNotBelow(ends: readonly number[], numbers: readonly number[], i: number): number {
  const number = numbers[i] ?? 0
  let from = 0
  let to = ends.length
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    if ((numbers[ends[middle] ?? 0] ?? 0) < number) from = middle + 1
    else to = middle
  }
  return from
}
