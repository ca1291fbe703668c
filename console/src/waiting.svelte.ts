// How many things wait for somebody; Today finds them, the menu says their number.

const now = $state({ count: 0 });

export const waiting = {
  get count(): number {
    return now.count;
  },
  set count(count: number) {
    now.count = count;
  },
};
