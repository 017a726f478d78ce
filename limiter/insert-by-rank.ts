/** Puts an item into a line: behind all of its rank or a lower one. */
export function insertByRank<T extends { readonly rank: number }>(line: T[], item: T): void {
  const behind = line.findLastIndex(each => each.rank <= item.rank)
  line.splice(behind + 1, 0, item)
}
