// Puts what floats beside its anchor: below it, above where there is no room, never outside the window.

const GAP_PX = 4;
const EDGE_PX = 8;

export function place(floating: HTMLElement, anchor: Element): void {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = floating;
  const left = Math.max(EDGE_PX, Math.min(at.left, innerWidth - width - EDGE_PX));
  const below = at.bottom + GAP_PX;
  const above = at.top - GAP_PX - height;
  const top = below + height > innerHeight - EDGE_PX && above > EDGE_PX ? above : below;
  Object.assign(floating.style, { position: "fixed", inset: "auto", margin: "0", left: `${left}px`, top: `${top}px` });
}
