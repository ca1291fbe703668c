// Whether the palette is open; every screen has a button that opens it.

const now = $state({ open: false, help: false });

export const palette = {
  get open(): boolean {
    return now.open;
  },
  set open(open: boolean) {
    now.open = open;
  },
  /** Whether the list of keys is shown. */
  get help(): boolean {
    return now.help;
  },
  set help(help: boolean) {
    now.help = help;
  },
};

export function openPalette(): void {
  now.open = true;
}
